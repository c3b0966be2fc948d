"""What may truly be said of the feel of a clip."""

from __future__ import annotations

from enum import StrEnum

from training.synth.facts import Facts
from training.synth.theory import Mode

_LOW, _HIGH = 0.4, 0.6
_SLOW_BPM, _FAST_BPM = 84, 120


class Trait(StrEnum):
    """A quality that follows from tempo, mode and character, or from several of them."""

    SLOW = "slow"
    MID_TEMPO = "mid-tempo"
    FAST = "fast"
    MAJOR = "major"
    MINOR = "minor"
    WARM = "warm"
    BRIGHT = "bright"
    SPARSE = "sparse"
    BUSY = "busy"
    DRY = "dry"
    SPACIOUS = "spacious"
    CALM = "calm"
    ENERGETIC = "energetic"
    SAD = "sad"
    JOYFUL = "joyful"
    DARK = "dark"
    SUNNY = "sunny"


def traits_of(facts: Facts) -> frozenset[Trait]:
    """All traits of a clip. A value of its character near the middle gives none."""
    traits = {_pace(facts), Trait.MINOR if facts.key.mode is Mode.MINOR else Trait.MAJOR}
    character = facts.character
    for value, low, high in (
        (character.brightness, Trait.WARM, Trait.BRIGHT),
        (character.density, Trait.SPARSE, Trait.BUSY),
        (character.space, Trait.DRY, Trait.SPACIOUS),
    ):
        if value < _LOW:
            traits.add(low)
        elif value > _HIGH:
            traits.add(high)
    return frozenset(traits | _combined(traits))


def _pace(facts: Facts) -> Trait:
    # A dotted quarter holds one and a half of the beats that other meters count.
    pace = facts.bpm * (1.5 if facts.style.meter == "6" else 1.0)
    return Trait.SLOW if pace <= _SLOW_BPM else Trait.FAST if pace >= _FAST_BPM else Trait.MID_TEMPO


def _combined(traits: set[Trait]) -> set[Trait]:
    combined = {
        Trait.CALM: Trait.SPARSE in traits and Trait.FAST not in traits,
        Trait.ENERGETIC: Trait.FAST in traits and Trait.SPARSE not in traits,
        Trait.SAD: Trait.MINOR in traits and (Trait.SLOW in traits or {Trait.MID_TEMPO, Trait.SPARSE} <= traits),
        Trait.JOYFUL: Trait.MAJOR in traits and bool(traits & {Trait.FAST, Trait.BUSY}),
        Trait.DARK: {Trait.MINOR, Trait.WARM} <= traits,
        Trait.SUNNY: {Trait.MAJOR, Trait.BRIGHT} <= traits,
    }
    return {trait for trait, holds in combined.items() if holds}
