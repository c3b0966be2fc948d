"""Tasks that cannot be are refused before a job is made, by the field that is to be changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

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
)
from quartet.errors import InvalidRequestError, NotFoundError
from quartet.tasks import SourceTask
from tests.support.audio import tone
from tests.support.tasks import CAPTION, RATE, wish

SOURCE_TASKS: list[SourceTask] = [
    Cover("SOURCE"),
    Repaint("SOURCE", (Region(0.1, 0.3),)),
    Extend("SOURCE", after=1.0),
    Extract("SOURCE", ("drums",)),
    Lego("SOURCE", "drums"),
    Complete("SOURCE"),
    Edit("SOURCE", "x"),
    Remix("SOURCE"),
]


@pytest.fixture(scope="module")
def sources(client: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Recordings that no task can follow, by what is wrong with them; the last two are none at all."""
    folder = tmp_path_factory.mktemp("sources")
    soundfile.write(folder / "silent.wav", np.zeros((2 * RATE, 2)), RATE)
    soundfile.write(folder / "short.wav", tone(0.5, RATE, 2), RATE)
    soundfile.write(folder / "long.wav", tone(601.0, 4_000, 1), 4_000)
    uploaded = {name: client.upload(folder / f"{name}.wav").audio_id for name in ("silent", "short", "long")}
    return {**uploaded, "missing": "", "gone": "0" * 64}


@pytest.mark.parametrize("task", SOURCE_TASKS, ids=lambda task: type(task).__name__)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("silent", "is silent; give a recording that can be heard"),
        ("short", "lasts 0.50 s, must be of 1 to 600 s"),
        ("long", "lasts 601.00 s, must be of 1 to 600 s"),
        ("missing", "is empty; name an upload or the audio of a result"),
    ],
)
def test_no_task_follows_a_source_that_cannot_be(
    client: Client, sources: dict[str, str], task: SourceTask, fault: str, reason: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.create_job(wish(dataclasses.replace(task, source=sources[fault])))
    field = f"song.{type(task).__name__.lower()}.source_audio_id"
    assert {violation.field: violation.description for violation in caught.value.violations} == {field: reason}


@pytest.mark.parametrize("task", SOURCE_TASKS, ids=lambda task: type(task).__name__)
def test_no_task_follows_a_source_that_is_not_there(
    client: Client, sources: dict[str, str], source: Path, task: SourceTask, tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError, match="audio '0000"):
        client.create_job(wish(dataclasses.replace(task, source=sources["gone"])))
    torn = tmp_path / "torn.wav"
    torn.write_bytes(source.read_bytes()[:20])
    with pytest.raises(InvalidRequestError, match="data: cannot be read as audio"):
        client.create_job(wish(dataclasses.replace(task, source=torn)))


@pytest.mark.parametrize("task", [Extract("", ("kazoo",)), Lego("", "kazoo"), Complete("", ("kazoo",))])
def test_a_track_that_nobody_knows_is_answered_with_those_that_there_are(
    client: Client, source: Path, task: SourceTask
) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.task: 'kazoo' is none of woodwinds, brass, .*, vocals"):
        client.create_job(wish(dataclasses.replace(task, source=client.upload(source).audio_id)))


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
        (Lego("SOURCE", ""), "song.lego.track", "is missing or not known; name one track"),
        (Lego("SOURCE", "bass", (Region(5.0),)), "song.lego.regions[0].start", "is 5, must be within 0 and 4"),
        (Lego("SOURCE", "bass", (Region(0.0), Region(1.0))), "song.lego.regions", "overlap"),
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


def test_codes_cannot_be_followed_for_more_than_all_steps(client: Client) -> None:
    for task, name in ((TextToMusic((), 1.5), "text_to_music"), (Retake(code_strength=-0.1), "retake")):
        with pytest.raises(InvalidRequestError, match=rf"song\.{name}\.code_strength: is .*, must be within 0 and 1"):
            client.generate(wish(task, duration=1.0))


def test_takes_that_cannot_be_are_refused(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.seeds: is empty; give the seed of the song"):
        client.generate(CAPTION, duration=1.0, task=Retake())
    with pytest.raises(InvalidRequestError, match=r"song\.retake\.variance: is 2, must be within 0 and 1"):
        client.generate(CAPTION, duration=1.0, seed=1, task=Retake(2.0))
    with pytest.raises(InvalidRequestError, match=r"song\.retake\.seeds: has 2 seeds where items is 1"):
        client.generate(CAPTION, duration=1.0, seed=1, task=Retake(seeds=(1, 2)))
    with pytest.raises(InvalidRequestError, match=r"song\.retake\.codes: make 0\.4 s, must make 1 to"):
        client.generate(CAPTION, seed=1, task=Retake(codes=(1, 2)))


def test_what_a_source_decides_is_not_asked_for(client: Client, source: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.duration: is 3; the source and what is added make 4 s"):
        client.generate(wish(Cover(source), duration=3.0))
    with pytest.raises(InvalidRequestError, match=r"song\.thinking\.think: cannot be: a song by cover follows"):
        client.generate(wish(Cover(source)), think=True)
    with pytest.raises(InvalidRequestError, match=r"song\.items: is 2 where each track \(3\) is an item"):
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
