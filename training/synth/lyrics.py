"""Lyrics that a formant voice can sing: sections of rhymed lines, each with its syllables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.synth.languages import LANGUAGES
from training.synth.lexicon import SLOT, Ending, Language, Syllable

_REPEATED = ("Chorus", "Pre-Chorus")
# Which rhyme each line of four takes.
_RHYME_SCHEMES = ((0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 2, 1))


@dataclass(frozen=True)
class LyricLine:
    """A line as it is written, and its 5 to 9 syllables."""

    text: str
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True)
class LyricSection:
    """Lines under a tag such as `Verse 1`; none where nobody sings."""

    tag: str
    lines: tuple[LyricLine, ...]


def write_lyrics(
    random: np.random.Generator, language: str, sections: Sequence[tuple[str, int]]
) -> tuple[LyricSection, ...]:
    """Lyrics for sections given as tag and count of lines; every chorus sings the same.

    Raises ValueError for a language that has no words here.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no lyrics in language {language!r}; there are {', '.join(LANGUAGES)}")
    writer = _Writer(random, LANGUAGES[language])
    repeated = {tag: writer.lines(max(count for of, count in sections if of == tag)) for tag in _repeated(sections)}
    return tuple(
        LyricSection(tag, repeated[tag][:count] if tag in repeated else writer.lines(count)) for tag, count in sections
    )


def format_lyrics(sections: Sequence[LyricSection]) -> str:
    """Text with a heading for each section and blank lines between them."""
    return "\n\n".join("\n".join((f"[{section.tag}]", *(line.text for line in section.lines))) for section in sections)


def _repeated(sections: Sequence[tuple[str, int]]) -> list[str]:
    return [tag for tag in _REPEATED if any(tag == of for of, _ in sections)]


class _Writer:
    """Writes lines of one song and avoids what it has said."""

    def __init__(self, random: np.random.Generator, language: Language) -> None:
        self._random = random
        self._language = language
        self._said: set[str] = set()
        self._unused_rhymes: list[int] = []

    def lines(self, count: int) -> tuple[LyricLine, ...]:
        """New lines, rhymed within each group of four."""
        lines: list[LyricLine] = []
        while len(lines) < count:
            scheme = _RHYME_SCHEMES[self._random.integers(len(_RHYME_SCHEMES))]
            rhymes = self._rhymes(1 + max(scheme))
            lines += [self._line(rhymes[place]) for place in scheme[: count - len(lines)]]
        return tuple(lines)

    def _rhymes(self, count: int) -> list[int]:
        """Different rhymes, each of them used once before any comes again."""
        if len(self._unused_rhymes) < count:
            self._unused_rhymes = [int(rhyme) for rhyme in self._random.permutation(len(self._language.rhymes))]
        rhymes, self._unused_rhymes = self._unused_rhymes[:count], self._unused_rhymes[count:]
        return rhymes

    def _line(self, rhyme: int) -> LyricLine:
        ending = self._ending(rhyme)
        slots = SLOT.findall(ending.template)
        text = ending.template
        for slot in slots[:-1]:
            text = text.replace(f"{{{slot}}}", self._phrase(slot, self._last_word(ending)), 1)
        text = text.replace(f"{{{slots[-1]}}}", ending.phrase)
        return LyricLine(text[0].upper() + text[1:], self._language.syllables(text))

    def _ending(self, rhyme: int) -> Ending:
        """A new phrase that ends in a new word, or at least a new phrase, while there is one."""
        endings = self._language.endings[rhyme]
        new = [ending for ending in endings if ending.phrase not in self._said]
        newest = [ending for ending in new if self._last_word(ending) not in self._said]
        choice = newest or new or endings
        ending = choice[self._random.integers(len(choice))]
        self._said |= {ending.phrase, self._last_word(ending)}
        return ending

    def _last_word(self, ending: Ending) -> str:
        return self._language.words(ending.phrase)[-1]

    def _phrase(self, slot: str, but: str) -> str:
        phrases = [phrase for phrase in self._language.slots[slot] if but not in self._language.words(phrase)]
        new = [phrase for phrase in phrases if phrase not in self._said]
        if not new:
            self._said -= set(phrases)
        choice = new or phrases
        phrase = choice[self._random.integers(len(choice))]
        self._said.add(phrase)
        return phrase
