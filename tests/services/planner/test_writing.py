"""A text follows its grammar: what is known is forced, what is free is bounded, the end is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from services.planner import writing
from services.planner.canonical import KEY_SCALES
from services.planner.checkpoint import LoadedPlanner
from services.planner.grammar import Field, Grammar, known_lines
from services.planner.thought import Thought, parse_written
from services.planner.writing import Finish, Writer
from serving.planning import LANGUAGES

ALL = tuple(Field)
KNOWN = Thought(
    bpm=92, caption="rain", duration=30, genres="lo-fi", keyscale="F# minor", language="no", timesignature="3"
)


@pytest.fixture(scope="module")
def masks() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def write(writer: Writer, loaded: LoadedPlanner, text: str) -> list[int]:
    """Feeds a text as the model would, token by token; what is forced comes by itself. Returns all ids."""
    ids = list(writer.forced)
    for token in loaded.tokenizer.encode(text):
        assert writer.mask()[token], loaded.tokenizer.decode([token])
        ids += writer.accept(token)
    return ids


def test_what_is_known_is_forced_in_the_canonical_spelling(qwen: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = Writer(qwen.tokenizer, Grammar(ALL, 600, known_lines(KNOWN, ALL)), 0, masks)
    assert writer.finish is Finish.STOP
    block = f"\n{KNOWN.to_yaml()}\n"
    assert writer.forced == [qwen.tokenizer.think_start, *qwen.tokenizer.encode(block)]
    assert parse_written(writer.written().block, 600) == KNOWN


def test_names_are_forced_and_values_are_drawn(qwen: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    lines = (Field.BPM, Field.KEYSCALE, Field.TIMESIGNATURE)
    writer = Writer(qwen.tokenizer, Grammar(lines, 600), 0, masks)
    assert writer.forced == [151667, 198, 65, 5187, 25, 220]
    ids = list(writer.forced)
    for token in (24, 17):  # 9, 2
        assert writer.mask()[token]
        ids += writer.accept(token)
    assert ids[-3:] == [10563, 2246, 25]
    for token in (434, 2, 8922):  # F, #, minor
        assert writer.mask()[token]
        ids += writer.accept(token)
    assert ids[-5:] == [15136, 622, 1568, 25, 220]
    writer.accept(19)
    assert writer.finish is Finish.STOP
    assert writer.written().block == "bpm: 92\nkeyscale: F# minor\ntimesignature: 4"


def test_the_language_is_greedy(qwen: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    grammar = Grammar((Field.BPM, Field.LANGUAGE, Field.TIMESIGNATURE), 600, {Field.BPM: "92"})
    writer = Writer(qwen.tokenizer, grammar, 0, masks)
    assert writer.greedy
    assert writer.accept(379)[:2] == [379, 361]  # y, ue
    assert not writer.greedy


def next_tokens(loaded: LoadedPlanner, lines: list[str], written: list[int]) -> set[int]:
    """What follows the tokens of a line in the encodings of whole lines."""
    encoded = [loaded.tokenizer.encode(line) for line in lines]
    return {ids[len(written)] for ids in encoded if ids[: len(written)] == written and len(ids) > len(written)}


@pytest.mark.parametrize("name", ["loaded", "qwen"])
@pytest.mark.parametrize(
    ("field", "values"), [(Field.KEYSCALE, KEY_SCALES), (Field.LANGUAGE, sorted(LANGUAGES))], ids=["key", "language"]
)
def test_closed_values_are_written_in_their_canonical_tokens(
    request: pytest.FixtureRequest, masks: ThreadPoolExecutor, name: str, field: Field, values: list[str]
) -> None:
    """Step by step exactly those may come next, and every value can be written to its end."""
    loaded: LoadedPlanner = request.getfixturevalue(name)
    grammar = Grammar((field, Field.TIMESIGNATURE), 600, {Field.TIMESIGNATURE: "4"})
    lines = [f"{field}: {value}\n" for value in values]
    for value, line in zip(values, lines, strict=True):
        writer = Writer(loaded.tokenizer, grammar, 0, masks)
        ids = writer.forced[2:]  # behind the tag and its line end
        for position, token in enumerate(encoded := loaded.tokenizer.encode(line)):
            if position >= len(ids):
                assert set(np.flatnonzero(writer.mask())) == next_tokens(loaded, lines, ids)
                ids += writer.accept(token)
        assert ids[: len(encoded)] == encoded
        assert writer.written().block == f"{field}: {value}\ntimesignature: 4"


def test_a_language_begins_with_its_word(qwen: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    """51 languages, 51 tokens: neither a lone space (220) nor a part of a word may take the choice from them."""
    writer = Writer(qwen.tokenizer, Grammar((Field.LANGUAGE,), 600), 0, masks)
    allowed = np.flatnonzero(writer.mask())
    assert len(allowed) == 51
    assert 220 not in allowed


@pytest.mark.parametrize("name", ["loaded", "qwen"])
def test_digits_are_tokens_of_their_own(request: pytest.FixtureRequest, masks: ThreadPoolExecutor, name: str) -> None:
    """So the grammar of numbers has no other way to write them than the canonical one."""
    loaded: LoadedPlanner = request.getfixturevalue(name)
    for field, numbers in (
        (Field.BPM, range(30, 301)),
        (Field.DURATION, range(10, 601)),
        (Field.TIMESIGNATURE, "2346"),
    ):
        lines = [f"{field}: {number}\n" for number in numbers]
        writer = Writer(loaded.tokenizer, Grammar((field,), 600), 0, masks)
        written = writer.forced[2:]
        while writer.finish is None:
            allowed = set(np.flatnonzero(writer.mask()))
            assert allowed == next_tokens(loaded, lines, written)
            written += writer.accept(int(min(allowed)))


@pytest.mark.parametrize(
    ("caption", "meaning"),
    [
        ("warm piano, soft rain", "warm piano, soft rain"),
        ("a song\n  over two lines", "a song over two lines"),
        ("'mood: sad'", "mood: sad"),
        ("'it''s a\n  long: song'", "it's a long: song"),
        ("'two\n\n  parts'", "two\nparts"),
        ("C# major (or so), 90% warm", "C# major (or so), 90% warm"),
        ("日本語 🎵 café", "日本語 🎵 café"),
    ],
)
def test_captions_plain_and_quoted(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, caption: str, meaning: str
) -> None:
    grammar = Grammar((Field.CAPTION, Field.TIMESIGNATURE), 600, {Field.TIMESIGNATURE: "4"})
    writer = Writer(loaded.tokenizer, grammar, 0, masks)
    write(writer, loaded, f" {caption}\n")
    if writer.finish is None:  # a plain caption may go on over another line
        write(writer, loaded, "t")
    assert parse_written(writer.written().block, 600) == Thought(caption=meaning, timesignature="4")


@pytest.mark.parametrize(
    "caption", ["- a", "mood: sad\n", "[x", "'open\nt", "a #b", "`code`", "a<b", "  a", "*a", "\x07"]
)
def test_captions_that_yaml_would_misread_cannot_be_written(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, caption: str
) -> None:
    grammar = Grammar((Field.CAPTION, Field.TIMESIGNATURE), 600, {Field.TIMESIGNATURE: "4"})
    writer = Writer(loaded.tokenizer, grammar, 0, masks)
    with pytest.raises(AssertionError):
        write(writer, loaded, f" {caption}")


@pytest.mark.parametrize("opening", ["", " '"])
def test_a_caption_ends_at_its_bound(loaded: LoadedPlanner, masks: ThreadPoolExecutor, opening: str) -> None:
    """Whatever is written, the line after it follows; and what was written parses."""
    random = np.random.default_rng(0)
    for _ in range(20):
        grammar = Grammar(
            (Field.CAPTION, Field.TIMESIGNATURE), 600, {Field.TIMESIGNATURE: "4"}, free_tokens={"caption": 12}
        )
        writer = Writer(loaded.tokenizer, grammar, 0, masks)
        write(writer, loaded, opening)
        drawn = 0
        while writer.finish is None:
            writer.accept(int(random.choice(np.flatnonzero(writer.mask()))))
            drawn += 1
        assert drawn < 24
        assert parse_written(writer.written().block, 600).timesignature == "4"
        assert writer.written().cut == ("caption",)


@pytest.mark.parametrize("written", [" warm", " 'warm", " a song\n  over", " 'a\n\n  b"])
def test_no_control_token_is_possible_inside_a_caption(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, written: str
) -> None:
    """Neither an end of the text nor one of the block."""
    tokenizer = loaded.tokenizer
    writer = Writer(tokenizer, Grammar((Field.CAPTION, Field.TIMESIGNATURE), 600), 0, masks)
    write(writer, loaded, written)
    allowed = writer.mask()
    controls = [tokenizer.turn_start, tokenizer.turn_end, tokenizer.think_start, tokenizer.think_end]
    assert not allowed[controls].any()
    assert allowed[tokenizer.encode(" rain")[0]]


@pytest.mark.parametrize("opening", ["", " '"])
def test_a_caption_that_is_the_last_line_ends_with_the_block(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, opening: str
) -> None:
    """Nothing but the closing tag tells its end from another line of it; at its bound it ends all the same."""
    random = np.random.default_rng(0)
    for _ in range(20):
        writer = Writer(loaded.tokenizer, Grammar((Field.CAPTION,), 600, free_tokens={"caption": 12}), 0, masks)
        write(writer, loaded, opening)
        drawn = 0
        while writer.finish is None:
            allowed = np.flatnonzero(writer.mask())
            writer.accept(int(random.choice(allowed[allowed != loaded.tokenizer.think_end])))
            drawn += 1
        assert drawn < 24
        assert parse_written(writer.written().block, 600).caption
        assert writer.written().cut == ("caption",)
    writer = Writer(loaded.tokenizer, Grammar((Field.CAPTION,), 600), 0, masks)
    write(writer, loaded, " rain\n")
    assert writer.finish is None
    assert writer.accept(loaded.tokenizer.think_end) == [loaded.tokenizer.think_end]
    assert writer.finish is Finish.STOP
    assert writer.written() == writing.Written("caption: rain", "", Finish.STOP)


def test_a_caption_ends_at_its_bound_of_characters(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens may be long: what is written must be short enough to be sent back."""
    monkeypatch.setattr(writing, "_FIELD_CHARACTERS", 40)
    random = np.random.default_rng(0)
    for _ in range(20):
        grammar = Grammar(
            (Field.CAPTION, Field.TIMESIGNATURE), 600, {Field.TIMESIGNATURE: "4"}, free_tokens={"caption": 1000}
        )
        writer = Writer(loaded.tokenizer, grammar, 0, masks)
        while writer.finish is None:
            writer.accept(int(random.choice(np.flatnonzero(writer.mask()))))
        parsed = parse_written(writer.written().block, 600)
        assert parsed.timesignature == "4"
        assert len(parsed.caption) < 200


def test_lyrics_end_at_their_bound_of_characters(
    loaded: LoadedPlanner, masks: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LYRIC_CHARACTERS", 10)
    writer = lyrics_writer(loaded, masks, 1000)
    for text in ("\n日本語", "の歌", " la la la la"):
        assert writer.finish is None
        write(writer, loaded, text)
    assert writer.finish is Finish.LENGTH


def lyrics_writer(loaded: LoadedPlanner, masks: ThreadPoolExecutor, most: int) -> Writer:
    return Writer(loaded.tokenizer, Grammar((Field.BPM,), 600, {Field.BPM: "90"}, lyrics=True), most, masks)


def test_lyrics_end_with_the_turn(loaded: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = lyrics_writer(loaded, masks, 100)
    write(writer, loaded, "\n\n# Lyric\nla la")
    assert not writer.mask()[loaded.tokenizer.turn_start]
    assert not writer.mask()[loaded.tokenizer.think_start]
    assert writer.mask()[loaded.tokenizer.turn_end]
    assert writer.accept(loaded.tokenizer.turn_end) == []
    assert writer.finish is Finish.STOP
    assert writer.written().lyrics == "\n\n# Lyric\nla la"


def test_lyrics_end_at_their_bound(loaded: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = lyrics_writer(loaded, masks, 3)
    write(writer, loaded, "xyz")
    assert writer.finish is Finish.LENGTH


def test_a_line_that_repeats_ends_the_lyrics(loaded: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = lyrics_writer(loaded, masks, 1000)
    write(writer, loaded, "first\n" + "again\n" * 8)
    assert writer.finish is Finish.REPETITION
    assert writer.written().lyrics == "first\nagain"


def test_a_chorus_may_repeat_itself(loaded: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = lyrics_writer(loaded, masks, 1000)
    write(writer, loaded, "again\n" * 7 + "\nlast\nlast")
    writer.accept(loaded.tokenizer.turn_end)
    assert writer.finish is Finish.STOP
    assert writer.written().lyrics == "again\n" * 7 + "\nlast\nlast"


def test_a_cut_character_is_dropped(loaded: LoadedPlanner, masks: ThreadPoolExecutor) -> None:
    writer = lyrics_writer(loaded, masks, 2)
    for token in loaded.tokenizer.encode("日")[:2]:
        writer.accept(token)
    assert writer.finish is Finish.LENGTH
    assert writer.written().lyrics == ""
