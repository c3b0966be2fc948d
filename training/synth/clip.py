"""A clip from a seed: facts, words, notes and sound. The same seed makes the same clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.synth.accompaniment import write_drums
from training.synth.arrangement import draw_character, draw_instruments, in_another_style, write_parts
from training.synth.captions import shorten, write_caption
from training.synth.facts import INSTRUMENTAL_LANGUAGE, Facts, Voice
from training.synth.form import write_form
from training.synth.languages import LANGUAGES
from training.synth.lyrics import format_lyrics, write_lyrics
from training.synth.render import mix, render
from training.synth.score import Score, TimedLine
from training.synth.singing import lines_to_sing, sing
from training.synth.styles import STYLES, Style
from training.synth.theory import Key, Mode
from training.synth.tones import Sound
from training.synth.voice import Singer

RATE = 24_000
INSTRUMENTAL = "[Instrumental]"
_SECONDS = (12, 45)
_ENGLISH = 0.5
_COVER = 2


@dataclass(frozen=True)
class Description:
    """A clip without its sound. `wish` is what a user would have asked for; lines have their times in seconds."""

    seed: int
    score: Score
    caption: str
    wish: str
    lyrics: str
    lines: tuple[TimedLine, ...]

    @property
    def facts(self) -> Facts:
        """What the clip is."""
        return self.score.facts


@dataclass(frozen=True)
class Clip:
    """A described clip with its stems [samples, 2] at a sample rate."""

    description: Description
    stems: Mapping[str, Sound]
    rate: int

    @property
    def audio(self) -> Sound:
        """The mix [samples, 2]."""
        return mix(self.stems)

    def cover(self) -> Sound:
        """The same piece in another style [samples, 2], of which its seed decides."""
        description = self.description
        random = np.random.default_rng((description.seed, _COVER))
        return mix(render(in_another_style(random, description.score), self.rate))


def make_clip(seed: int, *, seconds: float | None = None, style: Style | None = None, rate: int = RATE) -> Clip:
    """A whole clip. Its length and style are drawn where they are not given."""
    description = describe(seed, seconds=seconds, style=style)
    return Clip(description, render(description.score, rate), rate)


def describe(seed: int, *, seconds: float | None = None, style: Style | None = None) -> Description:
    """A clip in words and notes, at a hundredth of the cost of its sound."""
    random = np.random.default_rng(seed)
    facts = _facts(random, seconds, style)
    sections = write_form(random, facts)
    words = write_lyrics(random, facts.language, lines_to_sing(sections)) if facts.voice else ()
    sung, timed = sing(random, facts, sections, words, Singer(facts.voice).centre) if facts.voice else ((), ())
    parts = write_parts(random, facts, sections)
    beat = 60 / facts.beats_per_minute
    return Description(
        seed=seed,
        score=Score(facts, sections, parts, write_drums(facts, sections), sung),
        caption=write_caption(random, facts),
        wish=shorten(random, facts),
        lyrics=format_lyrics(words) if words else INSTRUMENTAL,
        lines=tuple(TimedLine(line.text, beat * line.start, beat * line.end) for line in timed),
    )


def facts_of(seed: int, *, seconds: float | None = None) -> Facts:
    """What a clip is, at a hundredth of the cost of its words and notes."""
    return _facts(np.random.default_rng(seed), seconds, None)


def draw_facts(random: np.random.Generator, seconds: float, style: Style | None = None) -> Facts:
    """What a clip of a length is to be."""
    style = style or STYLES[random.integers(len(STYLES))]
    mode = Mode.MINOR if random.random() < style.minor else Mode.MAJOR
    voice = Voice(random.choice(list(Voice))) if random.random() < style.vocals else None
    return Facts(
        style=style,
        bpm=int(random.integers(style.bpm[0], style.bpm[1] + 1)),
        key=Key(int(random.integers(12)), mode),
        language=_language(random) if voice else INSTRUMENTAL_LANGUAGE,
        seconds=seconds,
        character=draw_character(random),
        instruments=draw_instruments(random, style, voice),
        has_drums=bool(style.drums),
        voice=voice,
    )


def _language(random: np.random.Generator) -> str:
    return "en" if random.random() < _ENGLISH else str(random.choice(list(LANGUAGES)))


def _facts(random: np.random.Generator, seconds: float | None, style: Style | None) -> Facts:
    return draw_facts(random, seconds or float(random.integers(*_SECONDS, endpoint=True)), style)
