"""The words of a language for music."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.synth.facts import Voice
from training.synth.traits import Trait

Phrases = tuple[str, ...]


@dataclass(frozen=True)
class StyleWords:
    """How a style is called: as a genre (`names`), as a thing (`pieces`, `songs` where somebody sings).

    `drums` are what its drums can be called, `keywords` more words that give it away.
    """

    names: Phrases
    drums: Phrases
    pieces: Phrases = ()
    songs: Phrases = ()
    keywords: Phrases = ()


@dataclass(frozen=True)
class Phrasebook:
    """Words by what they say, and templates.

    A template takes `{style}`, `{piece}`, `{mood}`, `{pace}`, `{instrument}`, `{instruments}` (all that are left),
    `{drums}`, `{voice}` (the sound), `{singer}` (the person), `{instrumental}`, `{image}`, `{lyrics}` (the language
    that is sung), `{bpm}`, `{key}` and `{meter}` (unless it is 4/4), and is used where the facts have them; `a(n)`
    becomes the right article. `openings` start a description, `continuations` go on, `heads` start a list of tags,
    `details` are tags of numbers, `wishes` are what users ask for.
    """

    code: str
    styles: Mapping[str, StyleWords]
    instruments: Mapping[str, Phrases]
    traits: Mapping[Trait, Phrases]
    voices: Mapping[Voice, Phrases]
    instrumental: Phrases
    heads: Phrases
    openings: Phrases
    continuations: Phrases
    details: Phrases
    wishes: Phrases
    figures: Mapping[tuple[str, str], Phrases] = field(default_factory=dict)
    singing: Mapping[Trait, Phrases] = field(default_factory=dict)
    singers: Mapping[Voice, Phrases] = field(default_factory=dict)
    images: Mapping[Trait, Phrases] = field(default_factory=dict)
    paces: Mapping[Trait, Phrases] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    mood_tag: str = "{mood}"
    comma: str = ", "
    conjunction: str = " and "
    gap: str = " "


def split(phrases: str) -> Phrases:
    """Splits phrases at semicolons."""
    return tuple(" ".join(phrase.split()) for phrase in phrases.split(";"))


def parse_words(text: str) -> dict[str, Phrases]:
    """Reads lines such as `piano: piano; acoustic piano`."""
    entries = (line.split(":", 1) for line in text.strip().splitlines())
    return {name.strip(): split(phrases) for name, phrases in entries}


def parse_traits(text: str) -> dict[Trait, Phrases]:
    """Reads lines such as `slow: slow; unhurried`. Raises ValueError for what is no trait."""
    return {Trait(name): phrases for name, phrases in parse_words(text).items()}


def parse_styles(text: str, drums: Mapping[str, Phrases]) -> dict[str, StyleWords]:
    """Reads lines such as `waltz: Walzer; Konzertwalzer`, each style with the words for its drums."""
    return {name: StyleWords(names, drums[name]) for name, names in parse_words(text).items()}
