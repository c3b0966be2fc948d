"""A language as lyrics need it: words with their syllables, and lines to fill."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

VOWELS = ("a", "e", "i", "o", "u")
ONSETS = ("", "n", "t", "s")
SLOT = re.compile(r"{(\w+)}")
_SEPARATORS = re.compile(r"[\s,，]+")


class Syllable(NamedTuple):
    """A sung vowel, and how it begins: "n" softly (nasals, liquids, v), "t" with a plosive, "s" with noise, or ""."""

    vowel: str
    onset: str


class Ending(NamedTuple):
    """A template, and the phrase that its last slot takes."""

    template: str
    phrase: str


@dataclass(frozen=True)
class Language:
    """Words, phrases and lines. The last slot of a template bears the rhyme.

    `lexicon` maps words to syllables; without spaces between words (`spaced`) every character is one. `rhymes` are sets
    of words that rhyme.
    """

    code: str
    lexicon: Mapping[str, tuple[Syllable, ...]]
    templates: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]
    rhymes: tuple[frozenset[str], ...]
    spaced: bool = True

    def words(self, text: str) -> tuple[str, ...]:
        """Words as the lexicon writes them."""
        words = [word.lower() for word in _SEPARATORS.split(text) if word]
        return tuple(words if self.spaced else "".join(words))

    def syllables(self, text: str) -> tuple[Syllable, ...]:
        """What is sung of a text. Raises KeyError with a word that is not in the lexicon."""
        return tuple(syllable for word in self.words(text) for syllable in self.lexicon[word])

    def rhyme(self, text: str) -> int:
        """Which of the sets of rhymes a text ends in. Raises ValueError without one."""
        last = self.words(text)[-1]
        for number, words in enumerate(self.rhymes):
            if last in words:
                return number
        raise ValueError(f"{last!r} rhymes with nothing in {self.code}: add it to the rhymes")

    @cached_property
    def endings(self) -> Mapping[int, tuple[Ending, ...]]:
        """All ends of lines by their rhyme."""
        endings: defaultdict[int, list[Ending]] = defaultdict(list)
        for template in self.templates:
            for phrase in self.slots[SLOT.findall(template)[-1]]:
                endings[self.rhyme(phrase)].append(Ending(template, phrase))
        return {rhyme: tuple(ends) for rhyme, ends in endings.items()}


def parse_lexicon(text: str) -> dict[str, tuple[Syllable, ...]]:
    """Reads entries such as `river/ni-ne`: onset and vowel of each syllable. `ん/` only lengthens what is before it."""
    lexicon = {}
    for entry in text.split():
        word, codes = entry.split("/")
        lexicon[word] = tuple(Syllable(code[-1], code[:-1]) for code in codes.split("-") if code)
    return lexicon


def parse_slots(**slots: str) -> dict[str, tuple[str, ...]]:
    """Splits the phrases of each slot at semicolons."""
    return {name: tuple(" ".join(phrase.split()) for phrase in phrases.split(";")) for name, phrases in slots.items()}


def parse_rhymes(text: str) -> tuple[frozenset[str], ...]:
    """Splits sets at semicolons, words at spaces."""
    return tuple(frozenset(words.split()) for words in text.split(";"))
