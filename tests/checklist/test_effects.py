"""Every setting has an effect: a song with the example of its row is another one than the song without it.

So has every argument of a call beside the jobs; its borders are tried here too, since they are the planner's.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import soundfile

from quartet import Client, Song, SongSpec, Thinking
from quartet.errors import InvalidRequestError
from quartet.tasks import NewSong
from tests.checklist.finished_calls import JOB
from tests.checklist.rows import CallSetting, Effect, Setting
from tests.checklist.table import ALL_SETTINGS, CALLS
from tests.support.audio import tone
from tests.support.processes import running

PLAN = SongSpec("piano", thinking=Thinking(rewrite_caption=False))
SEEN = [row for row in ALL_SETTINGS if isinstance(row.effect, Effect)]
OPEN = [row for row in ALL_SETTINGS if row.open_is is not None]
SEEN_CALLS = [row for row in CALLS if isinstance(row.effect, Effect)]
OPEN_CALLS = [row for row in CALLS if row.open_is is not None]
REFUSED = [(row, value) for row in CALLS for value in row.range.refused]


@dataclass
class Studio:
    """Makes songs of a second and remembers them."""

    client: Client
    source: str
    songs: dict[SongSpec, Song] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def song(self, spec: SongSpec, *, planned: bool) -> Song:
        """The song of a spec, its source in place, its open choices made; without a planner unless told otherwise."""
        spec = dataclasses.replace(spec, steps=spec.steps or 4, seeds=spec.seeds or (3,))
        if isinstance(spec.task, NewSong):
            spec = dataclasses.replace(spec, duration=1.0, thinking=spec.thinking if planned else Thinking.none())
        else:
            spec = dataclasses.replace(spec, task=dataclasses.replace(spec.task, source=self.source))
        if spec not in self.songs:
            self.songs[spec] = self.client.generate(spec)
        return self.songs[spec]

    def answer(self, row: CallSetting, value: Any) -> Any:
        """What a call answers; where it is about a song, a planned one."""
        arguments = row.arguments(value)
        for name in arguments.keys() & {"job_id", "source"}:
            if arguments[name] == JOB:
                arguments[name] = self.song(PLAN, planned=True).record.job_id
        key = f"{row.call.method} {arguments}"
        if key not in self.answers:
            self.answers[key] = getattr(self.client, row.call.method)(**arguments)
        return self.answers[key]


@pytest.fixture(scope="module")
def studio(tiny_models: Path, vae_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Servers of the base model, which knows guidance and single tracks, a planner of short lyrics, and a recording."""
    folder = tmp_path_factory.mktemp("studio")
    soundfile.write(folder / "source.wav", tone(1.0, 48_000, 2), 48_000)
    models = ("--models", str(tiny_models))
    family = (*models, "--variant", "acestep-v15-base")
    with (
        running("services.planner", *models, "--max-lyric-tokens", "16") as planner,
        running("services.encoder", *family) as encoder,
        running("services.dit", *family) as dit,
    ):
        stages = ("--encoder", encoder.address, "--dit", dit.address, "--vae", vae_address)
        others = ("--planner", planner.address, "--port", "0", "--data", str(folder / "data"))
        with running("gateway", *stages, *others) as gateway, Client(gateway.address) as client:
            yield Studio(client, client.upload(folder / "source.wav").audio_id)


def seen(song: Song, effect: Effect) -> Any:
    """What of a song must differ."""
    match effect:
        case Effect.AUDIO:
            return [soundfile.read(io.BytesIO(file))[0].tobytes() for file in song.files]
        case Effect.FILE:
            return song.files
        case Effect.PLAN:
            return song.record.plan, [item.codes for item in song.record.items]
        case Effect.RECORD:
            return [(item.index, item.sample_rate) for item in song.record.items]


@pytest.mark.parametrize("row", SEEN, ids=lambda row: row.id)
def test_a_setting_changes_the_song(studio: Studio, row: Setting) -> None:
    assert isinstance(row.effect, Effect)
    planned = row.field.startswith("thinking")
    without, changed = (studio.song(spec, planned=planned) for spec in (row.start.spec, row.changed))
    assert seen(changed, row.effect) != seen(without, row.effect)


@pytest.mark.parametrize("row", OPEN, ids=lambda row: row.id)
def test_what_is_open_takes_the_default_that_is_stated(studio: Studio, row: Setting) -> None:
    planned = row.field.startswith("thinking")
    effect = Effect.PLAN if planned else Effect.AUDIO
    left, said = (studio.song(spec, planned=planned) for spec in (row.start.spec, row.with_value(row.open_is)))
    assert seen(said, effect) == seen(left, effect)


def test_the_same_song_has_the_same_everything(studio: Studio) -> None:
    first = studio.song(PLAN, planned=True)
    studio.songs.clear()
    again = studio.song(PLAN, planned=True)
    assert [seen(again, effect) for effect in Effect] == [seen(first, effect) for effect in Effect]


@pytest.mark.parametrize("row", SEEN_CALLS, ids=lambda row: row.id)
def test_an_argument_changes_the_answer(studio: Studio, row: CallSetting) -> None:
    assert studio.answer(row, row.example) != studio.answer(row, row.default)


@pytest.mark.parametrize("row", OPEN_CALLS, ids=lambda row: row.id)
def test_an_open_argument_takes_the_default_that_is_stated(studio: Studio, row: CallSetting) -> None:
    assert studio.answer(row, row.open_is) == studio.answer(row, row.default)


@pytest.mark.parametrize(("row", "value"), REFUSED, ids=lambda part: getattr(part, "id", str(part)[:24]))
def test_a_call_refuses_what_is_beyond_a_border(studio: Studio, row: CallSetting, value: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        studio.answer(row, value)
    (violation,) = caught.value.violations
    assert violation.field.startswith(row.error)
