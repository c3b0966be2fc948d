"""Lyrics can be sung: every word has its syllables, lines are short, choruses return."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from training.synth.languages import LANGUAGES
from training.synth.lexicon import ONSETS, SLOT, VOWELS, Language
from training.synth.lyrics import LyricSection, format_lyrics, write_lyrics

SONG = (("Intro", 0), ("Verse 1", 4), ("Chorus", 4), ("Verse 2", 6), ("Bridge", 2), ("Chorus", 3), ("Outro", 0))

every_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))


def lyrics(seed: int, language: str = "en") -> tuple[LyricSection, ...]:
    return write_lyrics(np.random.default_rng(seed), language, SONG)


def sung(language: str, text: str) -> str:
    return "-".join(onset + vowel for vowel, onset in LANGUAGES[language].syllables(text))


@pytest.mark.parametrize(
    ("language", "text", "syllables"),
    [
        ("en", "We go walking in the morning light", "ni-to-no-ti-i-ne-no-ni-na"),
        ("en", "Every evening the church bells ring", "e-ni-i-ni-ne-se-te-ni"),
        ("de", "Jeden Abend gehn wir Hand in Hand", "ne-te-a-te-te-ni-sa-i-sa"),
        ("es", "La lluvia sueña junto al mar", "na-nu-na-se-na-su-to-a-na"),
        ("fr", "Dans la nuit j'entends ta chanson", "ta-na-ni-sa-ta-ta-sa-so"),
        ("it", "Questa notte parla d'amore", "te-ta-no-te-ta-na-ta-no-ne"),
        ("pt", "A noite canta com paixão", "a-no-te-ta-ta-to-ta-sa"),
        ("ja", "ゆっくり かぜが ゆれる", "nu-tu-ni-ta-se-ta-nu-ne-nu"),
        ("zh", "在小河边看见星光", "ta-sa-se-te-ta-te-si-ta"),
    ],
)
def test_words_are_sung_as_they_are_spoken(language: str, text: str, syllables: str) -> None:
    assert sung(language, text) == syllables


@every_language
def test_every_word_of_every_template_is_in_the_lexicon(language: Language) -> None:
    texts = [phrase for phrases in language.slots.values() for phrase in phrases]
    texts += [SLOT.sub(" ", template) for template in language.templates]
    assert {word for text in texts for word in language.words(text)} <= set(language.lexicon)


@every_language
def test_syllables_are_vowels_and_classes_of_consonants(language: Language) -> None:
    for word, syllables in language.lexicon.items():
        assert syllables or word in "んっ"
        assert all(vowel in VOWELS and onset in ONSETS for vowel, onset in syllables), word


@every_language
def test_every_line_that_can_be_filled_has_5_to_9_syllables(language: Language) -> None:
    for template in language.templates:
        counts = [
            {len(language.syllables(phrase)) for phrase in language.slots[slot]} for slot in SLOT.findall(template)
        ]
        fixed = len(language.syllables(SLOT.sub(" ", template)))
        assert all(5 <= fixed + sum(chosen) <= 9 for chosen in product(*counts)), template


@every_language
def test_every_ending_rhymes_with_another(language: Language) -> None:
    assert set(language.endings) == set(range(len(language.rhymes)))
    for endings in language.endings.values():
        assert len({ending.phrase for ending in endings}) >= 2


@every_language
def test_sections_have_their_lines_and_choruses_return(language: Language) -> None:
    sections = lyrics(3, language.code)
    assert [(section.tag, len(section.lines)) for section in sections] == list(SONG)
    assert sections[5].lines == sections[2].lines[:3]
    for line in (line for section in sections for line in section.lines):
        assert line.syllables == language.syllables(line.text)


@every_language
def test_a_song_hardly_ever_says_a_line_twice(language: Language) -> None:
    songs = [[line.text for section in lyrics(seed, language.code)[:5] for line in section.lines] for seed in range(20)]
    assert sum(len(set(lines)) for lines in songs) > 0.97 * sum(len(lines) for lines in songs)


@every_language
def test_most_lines_rhyme_with_another_of_their_section(language: Language) -> None:
    rhymed = total = 0
    for seed in range(20):
        rhymes = [language.rhyme(line.text) for line in lyrics(seed, language.code)[1].lines]
        rhymed += sum(rhymes.count(rhyme) > 1 for rhyme in rhymes)
        total += len(rhymes)
    assert rhymed > 0.6 * total


def test_the_same_seed_writes_the_same_and_others_do_not() -> None:
    assert lyrics(5) == lyrics(5)
    assert len({format_lyrics(lyrics(seed)) for seed in range(200)}) == 200


def test_lyrics_are_written_under_tags() -> None:
    sections = write_lyrics(np.random.default_rng(1), "de", (("Intro", 0), ("Verse 1", 2), ("Chorus", 1)))
    verse, chorus = sections[1].lines, sections[2].lines
    assert (
        format_lyrics(sections)
        == f"[Intro]\n\n[Verse 1]\n{verse[0].text}\n{verse[1].text}\n\n[Chorus]\n{chorus[0].text}"
    )


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no lyrics in language 'xx'; there are en, de"):
        lyrics(1, "xx")


def test_a_word_without_rhyme_is_named() -> None:
    with pytest.raises(ValueError, match="'river' rhymes with nothing in en"):
        LANGUAGES["en"].rhyme("Silver river")
