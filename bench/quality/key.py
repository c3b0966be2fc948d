"""Key by the correlation of a mean chroma with profiles of the 24 keys (Albrecht & Shanahan, 2013)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import librosa
import numpy as np
import numpy.typing as npt

from bench.quality.recordings import HEARD_RATE, heard, is_silent
from quartet.cli.audio import Recording
from training.synth.theory import Key, Mode

# How often each step above the tonic sounds in pieces of a mode.
_PROFILES = {
    Mode.MAJOR: (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    Mode.MINOR: (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAME = re.compile(r"\s*([A-G])([#♯b♭]?)\s+(major|minor)\s*", re.IGNORECASE)

Chroma = npt.NDArray[np.float32]


@dataclass(frozen=True)
class KeyMatch:
    """Place of the asked key among those that were found, from 1, and whether the first is its relative.

    Without a ranking the place is 25, behind all keys.
    """

    rank: int
    is_relative: bool


def keys_of(recording: Recording) -> tuple[Key, ...]:
    """All 24 keys, the likeliest first; none where there is nothing to hear."""
    mono = heard(recording)
    if is_silent(mono):
        return ()
    return rank_keys(librosa.feature.chroma_cqt(y=mono, sr=HEARD_RATE).mean(axis=1))


def rank_keys(profile: Chroma) -> tuple[Key, ...]:
    """The keys by their correlation with a chroma [12] from C on; none where it is flat."""
    if profile.std() == 0:
        return ()
    keys = [Key(tonic, mode) for mode in Mode for tonic in range(12)]
    fits = {key: float(np.corrcoef(profile, np.roll(_PROFILES[key.mode], key.tonic))[0, 1]) for key in keys}
    return tuple(sorted(keys, key=lambda key: -fits[key]))


def match_key(found: Sequence[Key], asked: Key) -> KeyMatch:
    """How a ranking relates to the key that was asked for."""
    if asked not in found:
        return KeyMatch(25, False)
    return KeyMatch(found.index(asked) + 1, found[0] == relative_of(asked))


def relative_of(key: Key) -> Key:
    """The key of the other mode with the same notes."""
    return Key((key.tonic + 9) % 12, Mode.MINOR) if key.mode is Mode.MAJOR else Key((key.tonic + 3) % 12, Mode.MAJOR)


def key_named(name: str) -> Key | None:
    """The key of a name such as "F# minor"; None where it names none."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    letter, accidental, mode = found.groups()
    return Key((_NATURALS[letter.upper()] + _ACCIDENTALS[accidental]) % 12, Mode(mode.lower()))
