"""Songs from sources: what stays, what is new, what the DiT is told, and what can be the source of what."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
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
    Song,
    SongSpec,
    TextToMusic,
    Track,
)
from quartet.errors import InvalidRequestError, NotFoundError
from quartet.events import JobChanged, JobState
from quartet.tasks import SourceTask, Task
from quartet.v1 import dit_pb2, encoder_pb2, music_pb2, stage_pb2, vae_pb2
from quartet.v1.music_pb2_grpc import MusicServiceStub
from tests.support.processes import running
from tests.support.recording import Recorder, recording

RATE, HOP = 48_000, 1920
CAPTION = "a slow piano over rain"
SECONDS = 4.0
FRAMES = 100
CROSSFADE = RATE // 40

Pcm = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def stages(tiny_models: Path, vae_address: str) -> Iterator[dict[str, Recorder]]:
    """The stages of the base model, which knows single tracks, with a recorder before each."""
    family = ("--models", str(tiny_models), "--variant", "acestep-v15-base")
    with (
        running("services.encoder", *family) as encoder,
        running("services.dit", *family) as dit,
        recording(encoder.address) as encoding,
        recording(dit.address) as sampling,
        recording(vae_address) as coding,
    ):
        yield {"encoder": encoding, "dit": sampling, "vae": coding}


@pytest.fixture(scope="module")
def client(stages: dict[str, Recorder], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    addresses = [part for stage, recorder in stages.items() for part in (f"--{stage}", recorder.address)]
    data = tmp_path_factory.mktemp("gateway")
    with running("gateway", *addresses, "--port", "0", "--data", str(data)) as server, Client(server.address) as client:
        yield client


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of four seconds, quieter than what is made."""
    path = tmp_path_factory.mktemp("source") / "source.wav"
    time = np.arange(int(SECONDS * RATE)) / RATE
    tones = [np.sin(2 * np.pi * frequency * time) for frequency in (220, 331)]
    soundfile.write(path, 0.3 * np.stack(tones, axis=1), RATE, subtype="FLOAT")
    return path


def wish(task: Task, **options: object) -> SongSpec:
    return SongSpec(CAPTION, task=task, seeds=(7,), steps=2, guidance=1.0, format="wav32f", **options)  # type: ignore[arg-type]


def pcm_of(song: Song, item: int = 0) -> Pcm:
    return np.asarray(soundfile.read(io.BytesIO(song.files[item]), always_2d=True)[0], np.float32)


def sampled(stages: dict[str, Recorder]) -> dit_pb2.SampleRequest:
    """What the DiT was asked last."""
    return stages["dit"].requests("Sample", dit_pb2.SampleRequest)[-1]


def frames(request: dit_pb2.SampleRequest, field: str) -> list[bool]:
    return [bool(byte) for byte in getattr(request, field).data]


def test_a_repaint_changes_its_regions_and_nothing_else(
    client: Client, stages: dict[str, Recorder], source: Path
) -> None:
    song = client.generate(wish(Repaint(source, (Region(1.0, 2.0), Region(3.0)))))
    made, given = pcm_of(song), soundfile.read(source, dtype="float32")[0]
    new = np.zeros(len(made), bool)
    new[RATE - CROSSFADE : 2 * RATE + CROSSFADE] = True
    new[3 * RATE - CROSSFADE :] = True
    assert np.array_equal(made[~new], given[~new])
    assert np.abs(made[new] - given[new]).mean() > 0.01
    request = sampled(stages)
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
    request = sampled(stages)
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


def test_an_extension_keeps_its_core_bit_by_bit(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Extend(source, before=1.0, after=2.0)))
    made, given = pcm_of(song), soundfile.read(source, dtype="float32")[0]
    assert len(made) == 7 * RATE
    core = slice(CROSSFADE, len(given) - CROSSFADE)
    assert np.array_equal(made[RATE : RATE + len(given)][core], given[core])
    assert song.record.song.duration == 7.0
    request = sampled(stages)
    outside = [not 25 <= frame < 125 for frame in range(175)]
    assert frames(request, "mask") == frames(request, "silenced") == outside


def test_a_cover_follows_the_codes_of_its_source(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Cover(source)))
    request = sampled(stages)
    hints = stages["encoder"].responses("Detokenize", encoder_pb2.DetokenizeResponse)[-1].latents
    assert request.source_latents == hints
    assert not request.HasField("mask")
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Generate audio semantic tokens based on the given conditions:"
    assert words.metadata.duration_seconds == SECONDS


def test_a_cover_may_follow_the_latents_themselves(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Cover(source, from_latents=True)))
    latents = stages["vae"].responses("Encode", vae_pb2.VaeServiceEncodeResponse)[-1].latents
    assert sampled(stages).source_latents == latents


def test_a_cover_may_leave_its_source_on_the_way(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Cover(source, strength=0.5)))
    request = sampled(stages)
    assert (request.switch.strength, request.switch.blend) == (0.5, False)
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-2:]
    assert sorted(each.instruction for each in words) == [
        "Fill the audio semantic mask based on the given conditions:",
        "Generate audio semantic tokens based on the given conditions:",
    ]
    assert not request.switch.HasField("source_latents")
    assert client.generate(wish(Cover(source))).files != song.files
    assert not sampled(stages).HasField("switch")
    client.generate(wish(Cover(source, strength=0.5, blend=True)))
    assert sampled(stages).switch.blend


@pytest.mark.parametrize("task", [Cover("", noise_strength=1.0), Remix("", strength=1.0)])
def test_all_of_a_source_is_the_source(
    client: Client, stages: dict[str, Recorder], source: Path, task: Cover | Remix
) -> None:
    client.generate(wish(dataclasses.replace(task, source=source)))
    latents = stages["vae"].responses("Encode", vae_pb2.VaeServiceEncodeResponse)[-1].latents
    assert stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents == latents


def test_a_remix_begins_with_its_noisy_source(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    song = client.generate(wish(Remix(source)))
    request = sampled(stages)
    assert request.start.noise == 0.5
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
    keep = sampled(stages).keep
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
    assert sampled(stages).source_latents == hints
    words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)[-1]
    assert words.instruction == "Generate audio semantic tokens based on the given conditions:"


@pytest.mark.parametrize(
    ("codes", "options", "complaint"),
    [
        ((1, 2), {}, r"song\.text_to_music\.codes: make 0\.4 s, must make 1 to"),
        ((64_000,) * 5, {}, r"song\.text_to_music\.codes: must all be below 64000"),
        ((1,) * 3001, {}, r"song\.text_to_music\.codes: has 3001 codes, at most 3000"),
        ((1,) * 5, {"duration": 2.0}, r"song\.duration: is 2; the codes make 1 s, leave it out"),
    ],
)
def test_codes_that_cannot_be_are_refused(
    client: Client, codes: tuple[int, ...], options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidRequestError, match=complaint):
        client.generate(wish(TextToMusic(codes), **options))


def test_takes_of_a_song_are_the_further_away_the_more_they_vary(client: Client) -> None:
    song = SongSpec(CAPTION, duration=2.0, seeds=(5,), steps=2, guidance=1.0, format="wav32f")
    first = pcm_of(client.generate(song))
    takes = [client.generate(song, task=Retake(variance, (9,))) for variance in (0.0, 0.1, 0.4, 1.0)]
    distances = [float(np.abs(pcm_of(take) - first).mean()) for take in takes]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert [take.record.items[0].variation_seed for take in takes] == [9] * 4


def test_takes_without_seeds_of_their_own_tell_theirs(client: Client) -> None:
    song = SongSpec(CAPTION, duration=1.0, seeds=(5,), items=2, steps=2, guidance=1.0, task=Retake())
    made = client.generate(song)
    one, two = made.record.items
    assert one.seed == two.seed == 5
    assert one.variation_seed != two.variation_seed
    assert made.files[0] != made.files[1]
    again = client.generate(dataclasses.replace(song, items=1, task=Retake(0.2, (two.variation_seed or 0,))))
    assert again.files[0] == made.files[1]


def test_an_edit_to_the_same_words_changes_nothing(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Edit(source, CAPTION)))
    latents = stages["vae"].responses("Encode", vae_pb2.VaeServiceEncodeResponse)[-1].latents
    edited = stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents
    before, after = (np.frombuffer(each.data, np.float32) for each in (latents, edited))
    assert np.abs(after - before).max() <= 1e-5
    client.generate(wish(Edit(source, "a loud brass band", n_min=0.5, n_avg=2)))
    edited = stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents
    assert np.abs(np.frombuffer(edited.data, np.float32) - before).max() > 1e-3
    edit = sampled(stages).edit
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
    assert frames(sampled(stages), "mask") == [25 <= frame < 75 for frame in range(FRAMES)]
    assert not sampled(stages).HasField("silenced")
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
    latents = stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents
    encoded = len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest))
    second = client.generate(wish(Repaint(first.record.items[0].audio_id, (Region(1.0),))))
    assert len(stages["vae"].requests("Encode", vae_pb2.VaeServiceEncodeRequest)) == encoded
    assert sampled(stages).source_latents == latents
    kept = slice(0, RATE - CROSSFADE)
    assert np.array_equal(pcm_of(second)[kept], pcm_of(first)[kept])


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


@pytest.mark.parametrize(
    ("task", "field", "reason"),
    [
        (Cover(""), "song.cover.source_audio_id", "is empty; name an upload"),
        (Repaint("SOURCE", ()), "song.repaint.regions", "is empty; say which part"),
        (Repaint("SOURCE", (Region(4.0),)), "song.repaint.regions[0].start", "is 4, the end of the source"),
        (Repaint("SOURCE", (Region(5.0),)), "song.repaint.regions[0].start", "is 5, must be within 0 and 4"),
        (Repaint("SOURCE", (Region(1.0, 9.0),)), "song.repaint.regions[0].end", "is 9, must be within 0 and 4"),
        (Repaint("SOURCE", (Region(2.0, 1.0),)), "song.repaint.regions[0].end", "must be 0.04 s behind the start"),
        (Repaint("SOURCE", (Region(0.0, 2.0), Region(1.0, 3.0))), "song.repaint.regions", "overlap"),
        (Repaint("SOURCE", (Region(0.0),)), "song.repaint.regions", "take up the whole source"),
        (
            Repaint("SOURCE", tuple(Region(n / 10, (n + 1) / 10) for n in range(33))),
            "song.repaint.regions",
            "has 33 parts, at most 32",
        ),
        (Extend("SOURCE"), "song.extend.after", "and before add nothing"),
        (Extend("SOURCE", after=-1.0), "song.extend.after", "is -1, must be within 0"),
        (Extend("SOURCE", after=599.0), "song.extend.after", "make a song of 603 s"),
        (Extract("SOURCE", ()), "song.extract.tracks", "is empty; name what to take out"),
        (Extract("SOURCE", ("drums", "drums")), "song.extract.tracks", "names a track twice"),
        (Complete("SOURCE", ("bass", "bass")), "song.complete.tracks", "names a track twice"),
        (Cover("SOURCE", strength=1.5), "song.cover.strength", "is 1.5, must be within 0 and 1"),
        (Cover("SOURCE", noise_strength=-0.5), "song.cover.noise_strength", "is -0.5, must be within 0 and 1"),
        (Cover("SOURCE", blend=True), "song.cover.blend", "needs a strength"),
        (Repaint("SOURCE", (Region(1, 2),), strength=2.0), "song.repaint.strength", "is 2, must be within"),
        (
            Repaint("SOURCE", (Region(1, 2),), mode="aggressive", strength=0.5),
            "song.repaint.strength",
            "is of balanced repaints",
        ),
        (Edit("SOURCE", ""), "song.edit.source_caption", "is empty; say what the source is"),
        (Edit("SOURCE", "x", n_min=0.8, n_max=0.2), "song.edit.n_min", "is 0.8, must not exceed n_max, 0.2"),
        (Edit("SOURCE", "x", n_avg=9), "song.edit.n_avg", "is 9, must be at most 8"),
        (Edit("SOURCE", "x" * 8193), "song.edit.source_caption", "has 8193 characters"),
        (Remix("SOURCE", 1.1), "song.remix.strength", "is 1.1, must be within 0 and 1"),
    ],
)
def test_a_task_that_cannot_be_is_refused_by_its_field(
    client: Client, source: Path, task: SourceTask, field: str, reason: str
) -> None:
    if task.source:
        task = dataclasses.replace(task, source=client.upload(source).audio_id)
    with pytest.raises(InvalidRequestError) as caught:
        client.generate(wish(task))
    assert field in [violation.field for violation in caught.value.violations]
    assert reason in str(caught.value)


def test_takes_that_cannot_be_are_refused(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.seeds: is empty; give the seed of the song"):
        client.generate(CAPTION, duration=1.0, task=Retake())
    with pytest.raises(InvalidRequestError, match=r"song\.retake\.variance: is 2, must be within 0 and 1"):
        client.generate(CAPTION, duration=1.0, seed=1, task=Retake(2.0))
    with pytest.raises(InvalidRequestError, match=r"song\.retake\.seeds: has 2 seeds for 1 items"):
        client.generate(CAPTION, duration=1.0, seed=1, task=Retake(seeds=(1, 2)))


def test_what_a_source_decides_is_not_asked_for(client: Client, source: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.duration: is 3; the source and what is added make 4 s"):
        client.generate(wish(Cover(source), duration=3.0))
    with pytest.raises(InvalidRequestError, match=r"song\.thinking\.think: cannot be: a song by cover follows"):
        client.generate(wish(Cover(source)), think=True)
    with pytest.raises(InvalidRequestError, match=r"song\.items: is 2; one item is made of each of the 3 tracks"):
        client.generate(wish(Extract(source, ("drums", "bass", "vocals")), items=2))


def test_a_source_must_be_there_and_be_heard(client: Client, source: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="0000"):
        client.generate(wish(Cover("0" * 64)))
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((2 * RATE, 2)), RATE)
    with pytest.raises(InvalidRequestError, match=r"song\.cover\.source_audio_id: is silent"):
        client.create_job(wish(Cover(silent)))
    with pytest.raises(InvalidRequestError, match=r"song\.reference_audio_id: is silent"):
        client.create_job(CAPTION, duration=1.0, reference=silent)
    with pytest.raises(InvalidRequestError, match=r"song\.output\.fade_in: is 5, must be within 0 and 4"):
        client.create_job(wish(Cover(source), fade_in=5.0))
    short = tmp_path / "short.wav"
    soundfile.write(short, 0.1 * np.ones((RATE // 2, 2)), RATE)
    with pytest.raises(InvalidRequestError, match=r"song\.cover\.source_audio_id: lasts 0\.50 s, must be of 1 to"):
        client.generate(wish(Cover(short)))


def test_a_model_that_cannot_names_those_that_can(gateway_address: str, source: Path) -> None:
    with (
        Client(gateway_address) as client,
        pytest.raises(InvalidRequestError, match="turbo does not know single tracks; extract needs a base model"),
    ):
        client.generate(SongSpec(task=Extract(source, ("drums",))))
