"""What is done with a source, or without one: the tasks of a song, as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# A file, which is uploaded when the call starts, or the id of an upload or of the audio of an earlier result.
Recording = Path | str


class Track(StrEnum):
    """What a model can tell apart in a song."""

    WOODWINDS = "woodwinds"
    BRASS = "brass"
    FX = "fx"
    SYNTH = "synth"
    STRINGS = "strings"
    PERCUSSION = "percussion"
    KEYBOARD = "keyboard"
    GUITAR = "guitar"
    BASS = "bass"
    DRUMS = "drums"
    BACKING_VOCALS = "backing_vocals"
    VOCALS = "vocals"


@dataclass(frozen=True)
class Region:
    """Part of a recording in seconds; without an end, and with one of -1, it reaches to that of the recording."""

    start: float = 0.0
    end: float | None = None


class RepaintMode(StrEnum):
    """How a repaint treats what it keeps while it samples."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True)
class TextToMusic:
    """A new song from words, which may follow audio codes at 5 Hz instead of a plan; they give it its length.

    `code_strength` is the share of the steps that follow codes, given or planned; 1 where it is None.
    """

    codes: tuple[int, ...] = ()
    code_strength: float | None = None


@dataclass(frozen=True)
class Cover:
    """The source's melody and rhythm in the style of the words; `from_latents` stays closer to its sound.

    Attributes:
        strength: Share of the steps that hear the source, the others following the words alone; 1 where it is None.
        blend: Hears the source at every step and weighs it by the strength.
        noise_strength: How much of the source the noise begins with; 0 where it is None, 1 gives the source back.
    """

    source: Recording
    from_latents: bool = False
    strength: float | None = None
    blend: bool = False
    noise_strength: float | None = None


@dataclass(frozen=True)
class Repaint:
    """Parts of the source are made anew, all else stays.

    Attributes:
        regions: The parts.
        free_mask: Tells the model that it may write everywhere, as newer official applications do.
        mode: How strictly what stays is held while the parts are made; balanced where it is None.
        strength: How freely a balanced repaint does so, 0 to 1; 0.5 where it is None.
    """

    source: Recording
    regions: tuple[Region, ...]
    free_mask: bool = False
    mode: RepaintMode | str | None = None
    strength: float | None = None


@dataclass(frozen=True)
class Extend:
    """Seconds of music before and after the source, which stays."""

    source: Recording
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Extract:
    """Single tracks out of the source, each of them an item."""

    source: Recording
    tracks: tuple[Track | str, ...]


@dataclass(frozen=True)
class Lego:
    """One more track for the source, everywhere or in regions, beside which it is silent."""

    source: Recording
    track: Track | str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Complete:
    """A whole song around a source of a few tracks; tracks to add, or none for the model's choice."""

    source: Recording
    tracks: tuple[Track | str, ...] = ()


@dataclass(frozen=True)
class Retake:
    """Other takes of a song: its words and seed, and noise of second seeds, by item, mixed in; 0.2 where `variance` is
    None. Takes of a song that was given `codes`, or a `code_strength`, need them too."""

    variance: float | None = None
    seeds: tuple[int, ...] = ()
    codes: tuple[int, ...] = ()
    code_strength: float | None = None


@dataclass(frozen=True)
class Edit:
    """The source changed from its own words to those of the song.

    Attributes:
        source_caption, source_lyrics: What the source is.
        n_min: Share of the steps that are left out at the beginning; the more, the closer to the source.
        n_max: Share of the steps after which the words alone are followed; 1 where it is None.
        n_avg: Draws of noise that each step averages over, 1 to 8.
    """

    source: Recording
    source_caption: str
    source_lyrics: str = ""
    n_min: float | None = None
    n_max: float | None = None
    n_avg: int = 1


@dataclass(frozen=True)
class Remix:
    """A song that begins with the noisy source; of which more stays with a higher `strength`, 0.5 where it is None."""

    source: Recording
    strength: float | None = None


SourceTask = Cover | Repaint | Extend | Extract | Lego | Complete | Edit | Remix
NewSong = TextToMusic | Retake
Task = NewSong | SourceTask
