"""Captions name the style, say much in many ways, and nothing that is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from training.synth.captions import describes, shorten, write_caption, write_planned_caption
from training.synth.facts import Character, Facts, Voice
from training.synth.lexicon import SLOT
from training.synth.phrasebook import Phrasebook
from training.synth.phrases import PHRASEBOOKS
from training.synth.styles import STYLES, style_named
from training.synth.theory import Key, Mode
from training.synth.traits import Trait, traits_of

CLIPS = 3000
LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ja", "zh")
ENGLISH = PHRASEBOOKS[0]

# A word of an English caption, and instruments one of which must be there.
INSTRUMENTS_HEARD = {
    "guitar": {"acoustic", "nylon", "clean", "distorted", "electric bass"},
    "fingerpicked": {"acoustic guitar"},
    "strummed": {"acoustic guitar"},
    "power chords": {"distorted guitar"},
    "piano": {"piano"},
    "rhodes": {"electric piano"},
    "violin": {"violin"},
    "fiddle": {"fiddle"},
    "strings": {"string section"},
    "flute": {"flute"},
    "trumpet": {"trumpet"},
    "brass": {"brass section"},
    "sax": {"saxophone"},
    "accordion": {"accordion"},
    "organ": {"organ"},
    "upright bass": {"upright bass"},
    "walking": {"upright bass"},
    "synth bass": {"synth bass"},
    "cello": {"cello"},
    "tuba": {"tuba"},
    "harp": {"harp"},
    "choir": {"choir"},
    "vib": {"vibraphone"},
    "whistle": {"tin whistle"},
}
VOICE_WORDS = re.compile(
    r"vocal|sing(er|ing|s)\b|sung|voice|lyrics|gesang|stimme|sänger|\bvoz\b|cantante|voix|chant|女声|男声|歌手|ボーカル|歌声"
)
NO_VOICE_WORDS = re.compile(r"no vocals|ohne gesang|sin voz|sans chant")


def clip(seed: int) -> Facts:
    """A clip of any style, as the generator draws them."""
    random = np.random.default_rng(seed)
    style = STYLES[random.integers(len(STYLES))]
    voice = list(Voice)[random.integers(2)] if random.random() < style.vocals else None
    return Facts(
        style=style,
        bpm=int(random.integers(style.bpm[0], style.bpm[1] + 1)),
        key=Key(int(random.integers(12)), Mode.MINOR if random.random() < style.minor else Mode.MAJOR),
        language=LANGUAGES[random.integers(len(LANGUAGES))] if voice else "unknown",
        seconds=30.0,
        character=Character(*(float(value) for value in random.random(3))),
        instruments=tuple((role, str(random.choice(line.instruments))) for role, line in style.lines().items()),
        has_drums=bool(random.random() < 0.8),
        voice=voice,
    )


def said() -> Iterator[tuple[Facts, str]]:
    """Clips with a caption and with a wish."""
    for seed in range(CLIPS):
        random, facts = np.random.default_rng(seed), clip(seed)
        yield facts, write_caption(random, facts)
        yield facts, shorten(random, facts)


@pytest.fixture(scope="module")
def captions() -> list[tuple[Facts, str]]:
    return list(said())


def english(text: str) -> bool:
    """Whether a caption has none of the letters and little words of other languages."""
    return text.isascii() and not re.search(r"\b(mit|und|con|de|avec|et|un|ohne|sin|sans)\b", text.lower())


def test_the_same_seed_says_the_same() -> None:
    facts = clip(4)
    first, again = np.random.default_rng(9), np.random.default_rng(9)
    assert write_caption(first, facts) == write_caption(again, facts)
    assert shorten(first, facts) == shorten(again, facts)


def test_hardly_any_two_captions_are_the_same(captions: list[tuple[Facts, str]]) -> None:
    texts = [text for _, text in captions[::2]]
    assert len(set(texts)) > 0.99 * len(texts)


def test_one_clip_has_many_captions() -> None:
    facts = clip(1)
    assert len({write_caption(np.random.default_rng(seed), facts) for seed in range(500)}) > 450


def test_captions_of_plans_are_english_and_leave_to_the_plan_what_it_names_after_them() -> None:
    clips = [(np.random.default_rng(seed), clip(seed)) for seed in range(1000)]
    planned = [(facts, write_planned_caption(random, facts)) for random, facts in clips]
    assert all(describes(text) is facts.style for facts, text in planned)
    assert all(english(text.replace("bodhrán", "")) for _, text in planned)

    def later(facts: Facts, text: str) -> list[bool]:
        """Whether it names key, meter and language of the lyrics."""
        language = ENGLISH.languages.get(facts.language, "no language")
        return [str(facts.key) in text, bool(re.search(r"\b\d/\d\b", text)), language in text]

    assert not any(any(later(facts, text)) for facts, text in planned)
    named = np.array([later(facts, write_caption(random, facts)) for random, facts in clips])
    assert named.any(axis=0).all()


def test_captions_are_short_enough(captions: list[tuple[Facts, str]]) -> None:
    lengths = [len(text) for _, text in captions[::2]]
    assert max(lengths) <= 512
    assert sum(length <= 300 for length in lengths) > 0.95 * len(lengths)
    assert max(len(text) for _, text in captions[1::2]) <= 160
    assert all(text == " ".join(text.split()) and "{" not in text and "(" not in text for _, text in captions)


def test_the_style_can_be_told_from_the_words(captions: list[tuple[Facts, str]]) -> None:
    told = [describes(text) is facts.style for facts, text in captions]
    assert sum(told) >= 0.99 * len(told)


def test_most_captions_are_english_and_others_there(captions: list[tuple[Facts, str]]) -> None:
    texts = [text for _, text in captions[::2]]
    chinese_or_japanese = sum(bool(re.search(r"[぀-ヿ一-鿿]", text)) for text in texts)
    assert 0.06 < chinese_or_japanese / len(texts) < 0.14
    assert 0.65 < sum(english(text) for text in texts) / len(texts) < 0.85


def test_nobody_sings_where_there_is_no_voice(captions: list[tuple[Facts, str]]) -> None:
    for facts, text in captions:
        words = NO_VOICE_WORDS.sub("", text.lower())
        if facts.voice is None:
            assert not VOICE_WORDS.search(words), text
        else:
            assert "instrumental" not in words, text


@pytest.mark.parametrize(
    ("voice", "wrong"), [(Voice.FEMALE, r"\bm[ae]n\b|\bmale"), (Voice.MALE, r"\bwom[ae]n\b|\bfemale")]
)
def test_singers_are_who_they_are(captions: list[tuple[Facts, str]], voice: Voice, wrong: str) -> None:
    for facts, text in captions:
        if facts.voice is voice:
            assert not re.search(wrong, text), text


def test_instruments_that_are_named_play(captions: list[tuple[Facts, str]]) -> None:
    for facts, text in captions:
        playing = [name for _, name in facts.instruments]
        for word, names in INSTRUMENTS_HEARD.items():
            if english(text) and re.search(rf"\b{word}", text.lower()):
                assert any(name in instrument for instrument in playing for name in names), (word, playing, text)


def test_drums_are_named_only_where_they_play(captions: list[tuple[Facts, str]]) -> None:
    for facts, text in captions:
        if not facts.has_drums:
            words = text.lower()
            assert not any(name.lower() in words for book in PHRASEBOOKS for name in drums(book, facts)), text


def drums(book: Phrasebook, facts: Facts) -> list[str]:
    return [name for name in book.styles[facts.style.name].drums if len(name) > 6]


@pytest.mark.parametrize("book", PHRASEBOOKS, ids=lambda book: book.code)
def test_moods_follow_the_character(book: Phrasebook, captions: list[tuple[Facts, str]]) -> None:
    """No word of a trait that a clip does not have, unless it is also a word of one that it has."""
    words = {trait: {*book.traits[trait], *book.images.get(trait, ()), *book.paces.get(trait, ())} for trait in Trait}
    for facts, text in captions:
        true = {word for trait in traits_of(facts) for word in words[trait]}
        for word in {word for trait in Trait for word in words[trait]} - true:
            if english(text) if book is ENGLISH else not word.isascii():
                assert not re.search(rf"\b{re.escape(word)}\b", text.lower()), (word, text)


def test_numbers_are_those_of_the_clip(captions: list[tuple[Facts, str]]) -> None:
    seen = 0
    for facts, text in captions:
        for bpm in re.findall(r"(\d+) bpm", text):
            seen += 1
            assert int(bpm) == facts.bpm
        for key in re.findall(r"[A-G][b#]? (?:major|minor)", text):
            assert key == str(facts.key)
    assert 0.02 * len(captions) < seen < 0.2 * len(captions)


def test_words_are_there_for_all_styles_and_instruments() -> None:
    instruments = {name for style in STYLES for line in style.lines().values() for name in line.instruments}
    for book in PHRASEBOOKS:
        assert set(book.styles) == {style.name for style in STYLES}, book.code
        assert set(book.instruments) >= instruments, book.code
        assert set(book.traits) == set(Trait), book.code


@pytest.mark.parametrize("book", PHRASEBOOKS, ids=lambda book: book.code)
def test_no_name_belongs_to_two_styles(book: Phrasebook) -> None:
    for style in STYLES:
        for name in book.styles[style.name].names + book.styles[style.name].pieces + book.styles[style.name].songs:
            assert describes(name) is style, name


def test_templates_have_only_slots_that_are_filled() -> None:
    known = {
        "style", "piece", "mood", "pace", "image", "instrument", "instruments", "drums", "voice", "singer",
        "instrumental", "lyrics", "bpm", "key", "meter",
    }  # fmt: skip
    for book in PHRASEBOOKS:
        for template in (*book.heads, *book.openings, *book.continuations, *book.details, *book.wishes, book.mood_tag):
            assert set(SLOT.findall(template)) <= known, template


def test_a_clip_of_drums_alone_can_be_described() -> None:
    for seed in range(200):
        facts = replace(clip(seed), instruments=())
        assert describes(write_caption(np.random.default_rng(seed), facts)) is facts.style


def test_captions_like_that_of_the_readme_are_written() -> None:
    facts = Facts(
        style=style_named("indie folk"),
        bpm=96,
        key=Key(7, Mode.MAJOR),
        language="en",
        seconds=30.0,
        character=Character(0.3, 0.3, 0.5),
        instruments=(("bass", "upright bass"), ("chords", "acoustic guitar")),
        has_drums=True,
        voice=Voice.FEMALE,
    )
    texts = [write_caption(np.random.default_rng(seed), facts) for seed in range(400)]
    for part in (
        "warm indie folk", "fingerpicked acoustic guitar", "upright bass", "brushed drums", "soft female vocals",
        "morning light", "96 bpm",
    ):  # fmt: skip
        assert sum(part in text for text in texts) >= 4, part


@pytest.mark.parametrize(
    ("caption", "style"),
    [
        ("a slow sad waltz with violin", "waltz"),
        ("Lofi beats, rainy window, mellow piano", "lo-fi hip hop"),
        ("warm indie folk, fingerpicked acoustic guitar, upright bass, brushed drums", "indie folk"),
        ("liquid drum ’n’ bass at 174 bpm", None),
        ("Liquid Drum & Bass, airy pads", "drum and bass"),
        ("a jazz waltz", "waltz"),
        ("rock ballad", "ballad"),
        ("ein Walzer mit Geige", "waltz"),
        ("温暖的独立民谣，木吉他", "indie folk"),
        ("8ビットのゲーム音楽、チップチューン", "chiptune"),
        ("rocking chairs and warehouses", None),
        ("", None),
    ],
)
def test_words_tell_a_style(caption: str, style: str | None) -> None:
    found = describes(caption)
    assert (found and found.name) == style


def test_a_value_in_the_middle_gives_no_trait() -> None:
    facts = replace(clip(1), character=Character(0.5, 0.5, 0.5))
    assert not traits_of(facts) & {Trait.WARM, Trait.BRIGHT, Trait.SPARSE, Trait.BUSY, Trait.DRY, Trait.SPACIOUS}


@pytest.mark.parametrize(
    ("style", "bpm", "trait"),
    [
        ("ballad", 70, Trait.SLOW),
        ("waltz", 100, Trait.MID_TEMPO),
        ("techno", 130, Trait.FAST),
        ("jig", 100, Trait.FAST),
    ],
)
def test_tempo_is_felt_in_quarter_notes(style: str, bpm: int, trait: Trait) -> None:
    assert trait in traits_of(replace(clip(1), style=style_named(style), bpm=bpm))


@pytest.mark.parametrize(
    ("mode", "character", "present", "absent"),
    [
        (Mode.MINOR, (0.1, 0.1, 0.1), {Trait.SAD, Trait.DARK, Trait.CALM, Trait.DRY}, {Trait.JOYFUL, Trait.SUNNY}),
        (Mode.MAJOR, (0.9, 0.9, 0.9), {Trait.JOYFUL, Trait.SUNNY, Trait.BUSY, Trait.SPACIOUS}, {Trait.SAD, Trait.DARK}),
        (Mode.MAJOR, (0.1, 0.1, 0.5), {Trait.WARM, Trait.SPARSE}, {Trait.DARK, Trait.SAD, Trait.ENERGETIC}),
    ],
)
def test_traits_combine(
    mode: Mode, character: tuple[float, float, float], present: set[Trait], absent: set[Trait]
) -> None:
    facts = replace(clip(1), style=style_named("waltz"), bpm=90, key=Key(0, mode), character=Character(*character))
    assert present <= traits_of(facts)
    assert not absent & traits_of(facts)
