"""The planner in the chain: what is left open is decided, codes are followed, and all of it can be made again."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from quartet import Blueprint, Client, Planned, Progress, Record, SongSpec, TextToMusic, Thinking, TokenSampling
from quartet.errors import ConflictError, InvalidRequestError, NotFoundError, UnavailableError
from quartet.events import Event, JobState
from tests.support.audio import tone
from tests.support.planners import copy_with_codes
from tests.support.processes import Start, running

SONG = SongSpec("rain on a tin roof", "[Verse]\nlet it rain", duration=2.4, bpm=96, seeds=(11,), steps=2)


@pytest.fixture(scope="module")
def client(planned_gateway_address: str) -> Iterator[Client]:
    with Client(planned_gateway_address) as client:
        yield client


@pytest.fixture(scope="module")
def planned(client: Client) -> tuple[list[Event], Record]:
    """The song, and what was told while it was made."""
    return record_of(client, SONG)


def record_of(client: Client, spec: SongSpec) -> tuple[list[Event], Record]:
    events: list[Event] = []
    return events, client.generate(spec, on_event=events.append).record


def test_a_song_is_planned_before_it_is_made(planned: tuple[list[Event], Record]) -> None:
    events, record = planned
    plan = next(event.plan for event in events if isinstance(event, Planned))
    assert plan == record.plan
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert stages.index("plan") < stages.index("encode") or stages.index("plan") < stages.index("sample")
    assert next(i for i, e in enumerate(events) if isinstance(e, Planned)) < len(events) - 3

    blueprint = plan.blueprint
    assert (blueprint.bpm, blueprint.duration, blueprint.lyrics) == (96, 2.4, SONG.lyrics)
    assert blueprint.caption != SONG.caption
    assert all((blueprint.key_scale, blueprint.time_signature, blueprint.vocal_language))
    thought = yaml.load(plan.thought, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    assert thought["bpm"] == "96"
    assert thought["keyscale"] == blueprint.key_scale

    (item,) = record.items
    assert len(item.codes) == 12
    assert item.code_seed == 11
    assert "planner" in record.models
    assert [timing.stage for timing in record.timings].count("plan") == 2
    assert record.song.caption == SONG.caption


def test_items_share_a_plan_and_differ_in_codes(client: Client) -> None:
    _, record = record_of(client, dataclasses.replace(SONG, items=3, seeds=(11, 12, 13)))
    assert len({item.codes for item in record.items}) == 3
    assert [item.code_seed for item in record.items] == [11, 12, 13]
    assert sum(timing.stage == "plan" and timing.queue >= 0 for timing in record.timings) == 4


def test_one_item_of_several_is_made_again_alone(client: Client) -> None:
    song = client.generate(dataclasses.replace(SONG, items=3, seeds=()))
    again = client.generate(song.record.spec_of(2))
    assert again.files[0] == song.files[2]
    assert again.record.plan == song.record.plan


def test_the_length_is_the_planners_where_it_is_open(client: Client) -> None:
    """Here half a minute: most seeds ask the random planner for minutes."""
    thinking = Thinking(think=False, rewrite_caption=False)
    _, record = record_of(client, dataclasses.replace(SONG, duration=None, seeds=(60,), steps=1, thinking=thinking))
    seconds = record.plan.blueprint.duration
    assert seconds is not None
    assert 10 <= seconds <= 600
    (item,) = record.items
    assert item.samples == int(seconds * 25) * 1920
    assert item.codes == ()


def test_without_rewriting_the_caption_stays(client: Client) -> None:
    spec = dataclasses.replace(SONG, thinking=Thinking(rewrite_caption=False, detect_language=False))
    _, record = record_of(client, spec)
    assert record.plan.blueprint.caption == SONG.caption
    assert record.plan.blueprint.vocal_language == ""
    assert "caption" not in record.plan.thought


def test_nothing_from_the_planner(client: Client) -> None:
    _, record = record_of(client, dataclasses.replace(SONG, thinking=Thinking.none()))
    assert record.plan.thought == ""
    assert record.warnings == ()
    assert "planner" not in record.models


def test_codes_change_the_sound(client: Client) -> None:
    plain = dataclasses.replace(SONG, thinking=Thinking.none())
    thinking = dataclasses.replace(
        SONG, thinking=Thinking(think=True, write_metadata=False, rewrite_caption=False, detect_language=False)
    )
    made = client.generate(thinking)
    assert made.record.plan.blueprint.caption == SONG.caption
    assert made.record.items[0].codes
    assert made.files != client.generate(plain).files


def test_the_best_of_several_plans_is_followed(client: Client) -> None:
    """Each candidate, asked for alone by its seed, has the reward that the choice was made by."""
    spec = dataclasses.replace(SONG, items=2, seeds=(11, 12), thinking=Thinking(best_of=3, rewrite_caption=False))
    events, record = record_of(client, spec)
    for item, seeds in zip(record.items, ((11, 13, 15), (12, 14, 16)), strict=True):
        rewards = {}
        for seed in seeds:
            thinking = dataclasses.replace(record.song.thinking, best_of=1, code_seeds=(seed,))
            _, alone = record_of(client, dataclasses.replace(record.song, items=1, seeds=(1,), thinking=thinking))
            assert alone.items[0].code_reward is None
            rewards[seed] = client.score(alone.job_id).by_name["reward"]
        assert item.code_seed == max(seeds, key=lambda seed: rewards[seed])
        assert item.code_reward == pytest.approx(rewards[item.code_seed], rel=1e-6)
    made_again = client.generate(record.spec_of(1))
    assert made_again.record.items[0].sha256 == record.items[1].sha256
    planned = [event for event in events if isinstance(event, Progress) and event.stage == "plan" and event.steps > 1]
    assert {event.steps for event in planned} == {36}
    assert max(event.step for event in planned) == 36
    with pytest.raises(InvalidRequestError, match=r"song\.thinking\.best_of"):
        client.generate(dataclasses.replace(SONG, thinking=Thinking(best_of=9)))


def test_values_that_the_planner_does_not_know_are_refused(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.metadata\.key_scale"):
        client.generate(dataclasses.replace(SONG, key_scale="H dorian"))
    with pytest.raises(InvalidRequestError, match=r"song\.lyrics: has 10001 characters, at most 10000"):
        client.generate(dataclasses.replace(SONG, lyrics="a" * 10_001))
    with pytest.raises(NotFoundError, match="planner model 'jukebox' does not exist; there are acestep"):
        client.generate(dataclasses.replace(SONG, thinking=Thinking(model="jukebox")))


def test_without_a_planner_the_song_is_made_with_a_warning(gateway_address: str) -> None:
    with Client(gateway_address) as client:
        _, record = record_of(client, SONG)
        assert any("no planner is deployed" in warning for warning in record.warnings)
        assert record.plan.blueprint.caption == SONG.caption
        _, record = record_of(client, dataclasses.replace(SONG, thinking=Thinking.none()))
        assert record.warnings == ()


def test_demanded_thinking_needs_a_planner(gateway_address: str) -> None:
    with Client(gateway_address) as client:
        with pytest.raises(ConflictError, match=r"song\.thinking\.think is true, but no planner is deployed"):
            client.generate(SONG, think=True)
        with pytest.raises(ConflictError, match="no planner is deployed"):
            client.compose("a song")


def test_without_a_planner_a_recording_still_has_its_audio_codes(gateway_address: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(2.0, 48_000, 2), 48_000)
    with Client(gateway_address) as client:
        heard = client.understand(tmp_path / "tone.wav")
        assert len(heard.codes) == 10
        assert heard.blueprint == Blueprint()
        assert "audio codes alone" in heard.warnings[0]
        song = client.generate(SongSpec("rain", task=TextToMusic(heard.codes), seeds=(1,), steps=1)).record
        assert song.items[0].codes == heard.codes
        with pytest.raises(ConflictError, match="no planner is deployed"):
            client.understand(heard.codes)


def test_compose(client: Client) -> None:
    song = client.compose("a sad song", vocal_language="de", seed=5)
    assert song.blueprint.vocal_language == "de"
    assert song.blueprint.caption
    assert song.blueprint.bpm
    assert client.compose("a sad song", vocal_language="de", seed=5) == song
    assert client.compose("a sad song", instrumental=True, seed=1).blueprint.lyrics.startswith("[")


def test_rewrite_keeps_what_is_given(client: Client) -> None:
    given = Blueprint(
        "rock", "[Verse]\nla", bpm=120, key_scale="c minor", time_signature="3/4", vocal_language="EN", duration=30.7
    )
    written = client.rewrite(given, seed=5).blueprint
    assert written.duration == 30.7
    assert (written.bpm, written.key_scale) == (120, "C minor")
    assert (written.time_signature, written.vocal_language) == ("3", "en")
    assert written.caption != "rock"
    open_tempo = Blueprint("rock", bpm=-1, duration=-1)
    assert client.rewrite(open_tempo, seed=5).blueprint.bpm


def test_understand_a_recording(client: Client, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (48_000 * 3, 2))
    soundfile.write(tmp_path / "noise.flac", noise, 48_000)
    heard = client.understand(tmp_path / "noise.flac", sampling=TokenSampling(temperature=0.5), seed=1)
    assert len(heard.codes) == 15
    assert heard.blueprint.key_scale
    assert client.understand(heard.codes, sampling=TokenSampling(temperature=0.5), seed=1) == heard


def test_what_cannot_be_heard_is_not_understood(client: Client, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.flac", np.zeros((48_000, 2)), 48_000)
    with pytest.raises(InvalidRequestError, match="audio_id: is silent"):
        client.understand(tmp_path / "silence.flac")
    soundfile.write(tmp_path / "click.wav", tone(0.03, 48_000, 2), 48_000)
    with pytest.raises(InvalidRequestError, match=r"audio_id: lasts 0\.030 s, must be of 0\.04 to 600 s"):
        client.understand(tmp_path / "click.wav")
    with pytest.raises(InvalidRequestError, match="codes: 64000 is no code"):
        client.understand([64_000])
    with pytest.raises(NotFoundError):
        client.understand("0" * 64)


def test_scores(client: Client, planned: tuple[list[Event], Record]) -> None:
    _, record = planned
    scores = client.score(record.job_id).by_name
    assert {"caption", "lyrics", "metadata", "bpm", "key_scale", "reward"} <= set(scores)
    assert all(0 <= score <= 1 for score in scores.values())
    styled = client.score(record.job_id, genres="lo-fi", skip_tags=True).by_name
    assert set(styled) == {"genres", *scores}
    assert styled["caption"] != scores["caption"]
    with pytest.raises(NotFoundError, match="the job has 1"):
        client.score(record.job_id, 1)
    _, unplanned = record_of(client, dataclasses.replace(SONG, thinking=Thinking.none()))
    rated = client.score(unplanned.job_id)
    assert set(rated.by_name) == {"dit_score"}
    assert rated.warnings == ("the song was made without a plan, so there are no audio codes to score",)
    _, silent = record_of(client, dataclasses.replace(SONG, lyrics="", thinking=Thinking.none()))
    with pytest.raises(ConflictError, match="made without a plan"):
        client.score(silent.job_id)


def test_a_planner_with_other_codes_than_the_encoder_is_refused(
    start_gateway: Start, tiny_models: Path, tmp_path: Path
) -> None:
    """Not one code of it is written, but what takes no codes is still made."""
    models = copy_with_codes(tiny_models, tmp_path, 16)
    soundfile.write(tmp_path / "noise.flac", np.random.default_rng(0).uniform(-0.5, 0.5, (48_000, 2)), 48_000)
    with (
        running("services.planner", "--models", str(models), "--max-lyric-tokens", "16") as planner,
        start_gateway("--planner", planner.address) as gateway,
        Client(gateway.address) as client,
    ):
        differ = "the planner acestep-5Hz-lm-1.7B has 16 audio codes, the encoder of acestep-v15-turbo has 64000"
        with pytest.raises(ConflictError, match=differ) as refused:
            client.generate(SONG)
        assert refused.value.reason == "CODEBOOKS_DIFFER"
        with pytest.raises(ConflictError, match=differ):
            client.understand(tmp_path / "noise.flac")
        assert client.understand([3, 15, 7]).blueprint.key_scale
        _, record = record_of(client, dataclasses.replace(SONG, thinking=Thinking(think=False)))
        assert record.plan.thought


def test_a_planner_that_dies_in_mid_plan_ends_the_job(start_gateway: Start, tiny_models: Path) -> None:
    """A song of ten minutes: the codes take long enough to be interrupted."""
    with (
        running("services.planner", "--models", str(tiny_models)) as planner,
        start_gateway("--planner", planner.address) as gateway,
        Client(gateway.address) as client,
    ):

        def kill(event: Event) -> None:
            if isinstance(event, Progress) and event.stage == "plan" and 0 < event.step < event.steps:
                planner.process.send_signal(signal.SIGKILL)

        with pytest.raises(UnavailableError, match=r"the planner stage at .* (does not answer|ended the call)"):
            client.generate(dataclasses.replace(SONG, duration=600.0), on_event=kill)
        (job,) = client.jobs().jobs
        assert job.state is JobState.FAILED
        assert job.failure is not None
        assert job.failure.stage == "planner"
        with pytest.raises(UnavailableError):
            client.compose("a song", timeout=20)


def test_the_record_is_json(planned: tuple[list[Event], Record]) -> None:
    _, record = planned
    written = json.loads(record.to_json())
    assert written["plan"]["blueprint"]["bpm"] == 96
    assert len(written["items"][0]["codes"]) == 12
