"""Captions: what a listener would say of a clip, in many phrasings, and only what is true of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from training.synth.facts import Facts, Voice
from training.synth.lexicon import SLOT
from training.synth.phrasebook import Phrasebook, Phrases
from training.synth.phrases import PHRASEBOOKS
from training.synth.styles import STYLES, Style
from training.synth.traits import Trait, traits_of

_ENGLISH, *_OTHERS = PHRASEBOOKS
_ENGLISH_SHARE = 0.75
_NATIVE_SHARE = 0.5
_TAGS_SHARE = 0.5
_USUAL_SHARE = 0.3
# Characters after which no further sentence starts.
_ROOM = 240
# 4/4 goes without saying.
_METERS = {"2": ["2/4"], "3": ["3/4"], "4": [], "6": ["6/8"]}
_ARTICLE = re.compile(r"a\(n\)(?= ([aeio8]|u(?!ni))?)")


def write_caption(random: np.random.Generator, facts: Facts) -> str:
    """A caption of at most 512 characters, three in four of them English, as tags or as sentences.

    Its words name the style, so that `describes` finds it.
    """
    return _Speaker(random, _phrasebook(random, facts), facts).caption()


def write_planned_caption(random: np.random.Generator, facts: Facts) -> str:
    """The caption of a plan: always English, and silent about key, language and meter, which a plan names after it."""
    return _Speaker(random, _ENGLISH, facts, unsaid=("key", "lyrics", "meter")).caption()


def shorten(random: np.random.Generator, facts: Facts) -> str:
    """The short wish of a user for such a clip, as in "a slow sad waltz with violin"."""
    return _Speaker(random, _phrasebook(random, facts), facts).wish()


def describes(caption: str) -> Style | None:
    """The style that a caption names: by its longest name, by the first of equals."""
    names = _style_names()
    found = _name_pattern().findall(_plain(caption))
    return names[max(found, key=len)] if found else None


def _phrasebook(random: np.random.Generator, facts: Facts) -> Phrasebook:
    """Mostly the English one; among the others, who sings in a language is often spoken of in it."""
    if random.random() < _ENGLISH_SHARE:
        return _ENGLISH
    native = [book for book in _OTHERS if facts.voice and book.code == facts.language]
    books = native if native and random.random() < _NATIVE_SHARE else _OTHERS
    return books[int(random.integers(len(books)))]


class _Speaker:
    """Fills templates from what can be said of a clip. What is said is used up."""

    def __init__(
        self, random: np.random.Generator, book: Phrasebook, facts: Facts, *, unsaid: Sequence[str] = ()
    ) -> None:
        self._random = random
        self._book = book
        self._parts = _Describer(random, book, facts).parts() | {slot: [] for slot in unsaid}

    def caption(self) -> str:
        """Tags or sentences."""
        return self._tags() if self._random.random() < _TAGS_SHARE else self._sentences()

    def wish(self) -> str:
        """A wish in a few words."""
        return self._say_one_of(self._book.wishes)

    def _tags(self) -> str:
        """Style, instruments, drums, voice, mood and numbers, mostly in this order; some are left out."""
        items = [self._say_one_of(self._book.heads)]
        instruments = self._parts["instrument"]
        items += [instruments.pop() for _ in range(min(len(instruments), 1 + int(self._random.integers(4))))]
        for template, chance in (
            ("{drums}", 0.65),
            ("{voice}", 0.85),
            ("{instrumental}", 0.4),
            (self._book.mood_tag, 0.4),
            ("{image}", 0.3),
            (self._book.mood_tag, 0.2),
            (_one_of(self._random, self._book.details), 0.3),
        ):
            if self._random.random() < chance and self._can_say(template):
                items.append(self._say(template))
        if self._random.random() < 0.25:
            items[1:] = [items[1:][number] for number in self._random.permutation(len(items) - 1)]
        return self._book.comma.join(items)

    def _sentences(self) -> str:
        """An opening, and sentences that go on while there is room."""
        sentences = [self._say_one_of(self._book.openings)]
        more = self._random.permutation(len(self._book.continuations))[: self._random.integers(10)]
        for template in (self._book.continuations[number] for number in more):
            if self._can_say(template) and sum(map(len, sentences)) < _ROOM:
                sentences.append(self._say(template))
        return self._book.gap.join(sentence[0].upper() + sentence[1:] for sentence in sentences)

    def _say_one_of(self, templates: Phrases) -> str:
        return self._say(_one_of(self._random, [template for template in templates if self._can_say(template)]))

    def _can_say(self, template: str) -> bool:
        wanted = Counter(SLOT.findall(template))
        wanted["instrument"] += wanted.pop("instruments", 0)
        return all(len(self._parts[name]) >= count for name, count in wanted.items())

    def _say(self, template: str) -> str:
        # All the instruments come last: they are those that no other place has taken.
        for slot in sorted(SLOT.findall(template), key=lambda slot: slot == "instruments"):
            template = template.replace(f"{{{slot}}}", self._take(slot), 1)
        return _ARTICLE.sub(lambda article: "an" if article[1] else "a", template)

    def _take(self, slot: str) -> str:
        if slot in ("voice", "singer"):
            voice, self._parts["voice"], self._parts["singer"] = self._parts[slot].pop(), [], []
            return voice
        if slot != "instruments":
            return self._parts[slot].pop()
        instruments, self._parts["instrument"] = self._parts["instrument"], []
        return self._book.conjunction.join(filter(None, (self._book.comma.join(instruments[:-1]), instruments[-1])))


class _Describer:
    """Draws words for everything that is true of a clip."""

    def __init__(self, random: np.random.Generator, book: Phrasebook, facts: Facts) -> None:
        self._random = random
        self._book = book
        self._facts = facts
        # Sorted: the order of a set is none to draw in.
        self._traits = sorted(traits_of(facts))

    def parts(self) -> dict[str, list[str]]:
        """Words by the slot that they fill; nothing for what the clip does not have."""
        book, facts = self._book, self._facts
        words = book.styles[facts.style.name]
        sings = facts.voice is not None
        return {
            "style": self._some(words.names),
            "piece": self._some(words.pieces + (words.songs if sings else ())),
            "mood": self._of_traits(book.traits),
            "pace": self._of_traits(book.paces),
            "image": self._of_traits(book.images),
            "instrument": self._instruments(),
            "drums": self._some(words.drums if facts.has_drums else ()),
            "voice": self._sung(book.voices),
            "singer": self._sung(book.singers),
            "instrumental": self._some(() if sings else book.instrumental),
            "lyrics": [book.languages[facts.language]] if sings and facts.language in book.languages else [],
            "bpm": [str(facts.bpm)],
            "key": [str(facts.key)],
            "meter": list(_METERS[facts.style.meter]),
        }

    def _word(self, phrases: Phrases) -> str:
        """The first is the usual word."""
        return phrases[0] if self._random.random() < _USUAL_SHARE else _one_of(self._random, phrases)

    def _some(self, phrases: Phrases) -> list[str]:
        return [self._word(phrases)] if phrases else []

    def _of_traits(self, words: Mapping[Trait, Phrases]) -> list[str]:
        """A word for each trait that has some, in any order."""
        drawn = [self._word(words[trait]) for trait in self._traits if trait in words]
        return [drawn[number] for number in self._random.permutation(len(drawn))]

    def _instruments(self) -> list[str]:
        phrases = []
        for role, name in self._facts.instruments:
            figured = self._book.figures.get((name, self._facts.style.lines()[role].figure), ())
            plays = figured and self._random.random() < 0.5
            phrases.append((name, self._word(figured if plays else self._book.instruments[name])))
        named = list(dict.fromkeys(dict(phrases).values()))
        return [named[number] for number in self._random.permutation(len(named))]

    def _sung(self, voices: Mapping[Voice, Phrases]) -> list[str]:
        if self._facts.voice is None or self._facts.voice not in voices:
            return []
        voice = self._word(voices[self._facts.voice])
        sounds = self._of_traits(self._book.singing)
        return [f"{sounds[0]} {voice}" if sounds and self._random.random() < 0.6 else voice]


def _one_of(random: np.random.Generator, phrases: Sequence[str]) -> str:
    return phrases[int(random.integers(len(phrases)))]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[-_・]", " ", text.casefold().replace("’", "'")).split())


@cache
def _style_names() -> Mapping[str, Style]:
    """Everything that names a style, in all languages, as `_plain` writes it."""
    return {
        _plain(name): style
        for style in STYLES
        for book in PHRASEBOOKS
        for name in book.styles[style.name].names + book.styles[style.name].keywords
    }


@cache
def _name_pattern() -> re.Pattern[str]:
    names = sorted(_style_names(), key=len, reverse=True)
    # Words of letters end where letters end; Chinese and Japanese ones anywhere.
    return re.compile("|".join(rf"(?<![a-zà-ÿ]){re.escape(n)}(?![a-zà-ÿ])" if n[0].isascii() else n for n in names))
