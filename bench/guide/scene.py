"""The song that the guide works on, and the running product that it is given to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import soundfile

from bench.guide.readings import Refusal
from bench.quality.stages import Stages
from quartet import Client, Record, SongSpec, TextToMusic, Thinking
from quartet.cli.audio import Recording, Samples, read
from quartet.errors import QuartetError
from quartet.tasks import Task
from training.synth.clip import Clip, make_clip
from training.synth.render import mix

# Of a clip that no training has seen: house with five stems, and four lines that a woman sings.
SEED = 1_000_006_078
SECONDS = 16.0
CAPTION = "A driving house track with synth bass, organ chords and a synth pad. A woman sings."
STEPS = 20
NEW = TextToMusic()


@dataclass(frozen=True)
class Made:
    """Songs that came back: the record, the files and what is in them."""

    record: Record
    paths: tuple[Path, ...]
    sounds: tuple[Recording, ...]

    @property
    def sound(self) -> Recording:
        """The first song."""
        return self.sounds[0]

    @property
    def path(self) -> Path:
        """The first file."""
        return self.paths[0]


class Scene:
    """The song with its stems, and a client. All sound goes to `folder`, where a reader can hear it."""

    def __init__(self, client: Client, stages: Stages, folder: Path) -> None:
        self.client = client
        self.stages = stages
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self.clip: Clip = make_clip(SEED, seconds=SECONDS, rate=stages.codec.rate)
        self.source = self.written("source", self.clip.audio)
        self.song = read(self.source)

    @property
    def stems(self) -> Mapping[str, Samples]:
        """The tracks of the song by name: [samples, 2]."""
        return self.clip.stems

    @property
    def words(self) -> SongSpec:
        """All that is known of the song, and how songs of the guide are made."""
        facts = self.clip.description.facts
        return SongSpec(
            CAPTION,
            lyrics=self.clip.description.lyrics,
            bpm=facts.bpm,
            key_scale=str(facts.key),
            time_signature=facts.style.meter,
            vocal_language=facts.language,
            seeds=(7,),
            steps=STEPS,
            thinking=Thinking.none(),
        )

    def without(self, *tracks: str) -> Samples:
        """The song without some of its tracks."""
        rest: Samples = mix({name: stem for name, stem in self.stems.items() if name not in tracks})
        return rest

    def written(self, name: str, samples: Samples) -> Path:
        """Samples at the codec's rate as a file of 24 bit."""
        path = self._folder / f"{name}.flac"
        soundfile.write(path, samples, self.stages.codec.rate, subtype="PCM_24")
        return path

    def make(self, name: str, task: Task = NEW, words: SongSpec | None = None, **options: Any) -> Made:
        """Asks for the song's words, or others, under a task; options of `Client.generate` replace what is asked."""
        song = self.client.generate(replace(words or self.words, task=task), **options)
        paths = song.save(self._folder / f"{name}.flac")
        return Made(song.record, paths, tuple(map(read, paths)))

    def refused(self, asked: str, task: Task = NEW, **options: Any) -> Refusal:
        """Asks for what cannot be. Raises ValueError where it can."""
        try:
            self.client.generate(replace(self.words, task=task), **options)
        except QuartetError as error:
            return Refusal(asked, error.message)
        raise ValueError(f"{asked}: was made all the same")
