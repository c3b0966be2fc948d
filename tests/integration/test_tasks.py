"""What the DiT is told of each task, and what can be the source of what."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import soundfile

from quartet import (
    Client,
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    Region,
    Remix,
    Repaint,
    Retake,
    SongSpec,
    TextToMusic,
    Track,
)
from quartet.errors import NotFoundError
from quartet.events import JobChanged, JobState
from quartet.v1 import dit_pb2, encoder_pb2, music_pb2, stage_pb2, vae_pb2
from quartet.v1.music_pb2_grpc import MusicServiceStub
from tests.support.audio import tone
from tests.support.recording import Recorder
from tests.support.tasks import CAPTION, CROSSFADE, FRAMES, RATE, SECONDS, asked, encoded, pcm_of, sampled, wish


def frames(request: dit_pb2.SampleRequest, field: str) -> list[bool]:
    return [bool(byte) for byte in getattr(request, field).data]


def test_a_repaint_tells_the_model_what_to_write(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Repaint(source, (Region(1.0, 2.0), Region(3.0)))))
    request = asked(stages)
    inside = [25 <= frame < 50 or frame >= 75 for frame in range(FRAMES)]
    assert frames(request, "mask") == frames(request, "silenced") == inside
    assert request.frames == FRAMES


def test_what_other_applications_write_for_open_changes_nothing(client: Client, source: Path) -> None:
    task = Repaint(client.upload(source).audio_id, (Region(1.0),))
    (item,) = client.generate(wish(task)).record.items
    message = wish(task).to_message()
    message.metadata.MergeFrom(
        stage_pb2.Metadata(bpm=0, key_scale="N/A", time_signature="unknown", vocal_language="unknown")
    )
    message.duration.seconds = message.repaint.regions[0].end.seconds = -1
    with grpc.insecure_channel(client.address) as channel:
        *_, last = MusicServiceStub(channel).Generate(music_pb2.GenerateRequest(song=message))
    assert [made.sha256 for made in last.record.items] == [item.sha256]


def test_a_repaint_with_a_free_mask_still_keeps_the_rest(
    client: Client, stages: dict[str, Recorder], source: Path
) -> None:
    song = client.generate(wish(Repaint(source, (Region(0.0, 1.0),), free_mask=True)))
    request = asked(stages)
    assert not request.HasField("mask")
    assert [bool(byte) for byte in request.keep.free.data] == [frame < 25 for frame in range(FRAMES)]
    assert request.keep.injection == 0.5
    given = soundfile.read(source, dtype="float32")[0]
    assert np.array_equal(pcm_of(song)[RATE + CROSSFADE :], given[RATE + CROSSFADE :])


def test_a_source_stays_as_long_as_a_job_needs_it(client: Client) -> None:
    first = client.generate(SongSpec(CAPTION, duration=1.0, seeds=(11,), steps=2, guidance=1.0))
    job = client.create_job(wish(Cover(first.record.items[0].audio_id, from_latents=True)))
    client.delete(first.record.job_id)
    *_, last = client.watch(job.id)
    assert isinstance(last, JobChanged)
    assert last.job.state is JobState.SUCCEEDED
    client.delete(job.id)
    with pytest.raises(NotFoundError):
        client.read_audio(first.record.items[0].audio_id)


def test_an_extension_is_a_repaint_of_a_longer_song(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Extend(source, before=1.0, after=2.0)))
    assert song.record.song.duration == 7.0
    request = asked(stages)
    outside = [not 25 <= frame < 125 for frame in range(175)]
    assert frames(request, "mask") == frames(request, "silenced") == outside


def test_a_cover_follows_the_codes_of_its_source(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Cover(source)))
    request = asked(stages)
    hints = stages["encoder"].responses("Detokenize", encoder_pb2.DetokenizeResponse)[-1].latents
    assert request.source_latents == hints
    assert not request.HasField("mask")
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Generate audio semantic tokens based on the given conditions:"
    assert words.metadata.duration_seconds == SECONDS


def test_a_cover_may_follow_the_latents_themselves(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Cover(source, from_latents=True)))
    latents = encoded(stages)
    assert asked(stages).source_latents == latents


def test_a_cover_may_leave_its_source_on_the_way(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Cover(source, strength=0.5)))
    request = asked(stages)
    assert (request.switch.strength, request.switch.blend) == (0.5, False)
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-2:]
    assert sorted(each.instruction for each in words) == [
        "Fill the audio semantic mask based on the given conditions:",
        "Generate audio semantic tokens based on the given conditions:",
    ]
    assert not request.switch.HasField("source_latents")
    assert client.generate(wish(Cover(source))).files != song.files
    assert not asked(stages).HasField("switch")
    client.generate(wish(Cover(source, strength=0.5, blend=True)))
    assert asked(stages).switch.blend


def test_a_remix_begins_with_its_noisy_source(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Remix(source)))
    request = asked(stages)
    assert (request.start.noise, request.start.exact) == (0.5, True)
    assert not request.HasField("source_latents")
    assert song.record.song.task == Remix(song.record.song.task.source, 0.5)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "injection", "crossfade"),
    [
        ({}, 0.5, 12),
        ({"mode": "balanced", "strength": 0.2}, 0.8, 20),
        ({"strength": 1.0}, 0.0, 0),
        ({"mode": "conservative"}, 1.0, 25),
        ({"mode": "aggressive"}, 0.0, 0),
    ],
)
def test_a_repaint_holds_what_it_keeps(
    client: Client,
    stages: dict[str, Recorder],
    source: Path,
    options: dict[str, Any],
    injection: float,
    crossfade: int,
) -> None:
    """spec/model.md §4.7."""
    client.generate(wish(Repaint(source, (Region(1.0, 2.0),), **options)))
    keep = asked(stages).keep
    assert keep.injection == pytest.approx(injection)
    assert keep.crossfade_frames == crossfade


def test_a_song_may_follow_codes_of_its_own(client: Client, stages: dict[str, Recorder]) -> None:
    codes = (7, 63_999, 12, 0, 500)
    song = client.generate(wish(TextToMusic(codes)))
    assert song.record.song.duration == 1.0
    assert song.record.items[0].codes == codes
    request = stages["encoder"].requests("Detokenize", encoder_pb2.DetokenizeRequest)[-1]
    assert tuple(request.codes) == codes
    hints = stages["encoder"].responses("Detokenize", encoder_pb2.DetokenizeResponse)[-1].latents
    assert asked(stages).source_latents == hints
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Generate audio semantic tokens based on the given conditions:"


def test_a_song_may_leave_its_codes_on_the_way(client: Client, stages: dict[str, Recorder]) -> None:
    codes = (7, 63_999, 12, 0, 500)
    song = client.generate(wish(TextToMusic(codes, 0.5)))
    request = asked(stages)
    assert (request.switch.strength, request.switch.blend) == (0.5, False)
    assert not request.switch.HasField("source_latents")
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-2:]
    assert sorted(each.instruction for each in words) == [
        "Fill the audio semantic mask based on the given conditions:",
        "Generate audio semantic tokens based on the given conditions:",
    ]
    takes = [Retake(0.0, codes=codes, code_strength=0.5), Retake(0.0, codes=codes)]
    same, other = (client.generate(dataclasses.replace(song.record.spec_of(), task=take)).files for take in takes)
    assert same == song.files != other
    assert not asked(stages).HasField("switch")
    assert client.generate(wish(TextToMusic(codes, 1.0))).files == client.generate(wish(TextToMusic(codes))).files
    words_alone = client.generate(wish(TextToMusic(), duration=1.0))
    assert client.generate(wish(TextToMusic(codes, 0.0))).files == words_alone.files
    unfollowed = client.generate(wish(TextToMusic((), 0.5), duration=1.0))
    assert unfollowed.files == words_alone.files
    assert "code_strength has no effect: the song follows no audio codes" in unfollowed.record.warnings


def test_takes_without_seeds_of_their_own_tell_theirs(client: Client) -> None:
    song = SongSpec(CAPTION, duration=1.0, seeds=(5,), items=2, steps=2, guidance=1.0, task=Retake())
    made = client.generate(song)
    one, two = made.record.items
    assert one.seed == two.seed == 5
    assert one.variation_seed != two.variation_seed
    assert made.files[0] != made.files[1]
    again = client.generate(dataclasses.replace(song, items=1, task=Retake(0.2, (two.variation_seed or 0,))))
    assert again.files[0] == made.files[1]


def test_takes_follow_the_codes_that_their_song_was_given(client: Client) -> None:
    song = client.generate(wish(TextToMusic((7, 63_999, 12, 0, 500))))
    take = dataclasses.replace(song.record.spec_of(), task=Retake(0.0, codes=song.record.items[0].codes))
    itself = client.generate(take)
    assert itself.files == song.files
    assert itself.record.items[0].codes == song.record.items[0].codes
    assert client.generate(itself.record.spec_of(0)).files == song.files


def test_an_edit_takes_its_settings_along(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Edit(source, "a loud brass band", n_min=0.5, n_avg=2)))
    edit = asked(stages).edit
    assert edit.source_latents == encoded(stages)
    assert (edit.n_min, edit.n_max, edit.n_avg) == (0.5, 1.0, 2)


def test_every_track_is_extracted_in_one_request(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    tracks = (Track.DRUMS, Track.BACKING_VOCALS, Track.BASS)
    song = client.generate(SongSpec(task=Extract(source, tracks), steps=2, guidance=1.0))
    assert [item.track for item in song.record.items] == list(tracks)
    assert len(song.files) == 3
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-3:]
    assert sorted(each.instruction for each in words) == [
        "Extract the BACKING_VOCALS track from the audio:",
        "Extract the BASS track from the audio:",
        "Extract the DRUMS track from the audio:",
    ]
    assert {each.caption for each in words} == {"drums", "backing vocals", "bass"}
    assert client.generate(song.record.spec_of()).files == song.files
    assert client.generate(song.record.spec_of(1)).files == song.files[1:2]


def test_a_track_is_made_for_a_source(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Lego(source, "guitar", (Region(1.0, 3.0),))))
    assert song.record.items[0].track == "guitar"
    assert frames(asked(stages), "mask") == [25 <= frame < 75 for frame in range(FRAMES)]
    assert not asked(stages).HasField("silenced")
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Generate the GUITAR track based on the audio context:"


def test_a_source_is_accompanied(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Complete(source, (Track.DRUMS, Track.BASS))))
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Complete the input track with DRUMS | BASS:"
    client.generate(wish(Complete(source)))
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Complete the input track:"


def test_a_result_is_a_source_without_being_encoded_again(client: Client, stages: dict[str, Recorder]) -> None:
    first = client.generate(SongSpec(CAPTION, duration=2.0, seeds=(3,), steps=2, guidance=1.0, format="wav32f"))
    latents = sampled(stages)
    encoded = len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest))
    second = client.generate(wish(Repaint(first.record.items[0].audio_id, (Region(1.0),))))
    assert len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest)) == encoded
    assert asked(stages).source_latents == latents
    kept = slice(0, RATE - CROSSFADE)
    assert np.array_equal(pcm_of(second)[kept], pcm_of(first)[kept])


def test_a_recording_is_encoded_once(client: Client, stages: dict[str, Recorder], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "low.wav", tone(2.0, RATE, 2), RATE)
    audio_id = client.upload(tmp_path / "low.wav").audio_id
    before = len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest))
    client.generate(wish(Cover(audio_id)))
    client.generate(wish(Repaint(audio_id, (Region(1.0),))))
    codes = client.understand(audio_id).codes
    assert len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest)) == before + 1
    followed = stages["encoder"].requests("Detokenize", encoder_pb2.DetokenizeRequest)[-1]
    assert tuple(followed.codes) == codes, "a cover follows what understanding hears"


def test_a_reference_is_encoded_once(client: Client, stages: dict[str, Recorder], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.wav", tone(2.0, RATE, 2, hertz=330), RATE)
    voice = client.upload(tmp_path / "voice.wav").audio_id
    before = len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest))
    spec = SongSpec(CAPTION, duration=1.0, seeds=(3,), steps=1, guidance=1.0, reference_audio_id=voice)
    first, second = client.generate(spec), client.generate(spec)
    assert first.files == second.files
    heard = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-2:]
    assert heard[0].reference_latents == heard[1].reference_latents
    assert heard[0].reference_latents[0].shape[0] == 750
    assert len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest)) == before + 1
    client.generate(wish(Cover(voice)))
    assert len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest)) == before + 2, "all of it is not it"


def test_a_result_of_a_result_keeps_level_and_latents(client: Client, stages: dict[str, Recorder]) -> None:
    """The gain of a normalised song is that of what is made into it, however often."""
    first = client.generate(SongSpec(CAPTION, duration=2.0, seeds=(3,), steps=2, guidance=1.0, format="wav32f"))
    again = client.generate(wish(Repaint(first.record.items[0].audio_id, (Region(1.6),))))
    third = client.generate(wish(Repaint(again.record.items[0].audio_id, (Region(1.6),))))
    crossfade = slice(8 * RATE // 5 - CROSSFADE, 8 * RATE // 5)
    made, before = pcm_of(third), pcm_of(again)
    assert np.abs(made[crossfade] - before[crossfade]).max() > 0
    made[crossfade] = before[crossfade]
    assert np.array_equal(made, before)


def test_the_same_request_makes_the_same_bytes(client: Client, source: Path) -> None:
    one, two = (client.generate(wish(Extend(source, after=1.0))) for _ in range(2))
    assert one.files == two.files
