"""Think blocks are what PyYAML writes, and come back from it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.planner.thought import Thought, ThoughtError
from serving.planning import LANGUAGES, TIME_SIGNATURES

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200).map(lambda text: " ".join(text.split()))
THOUGHTS = st.builds(
    Thought,
    bpm=st.none() | st.integers(30, 300),
    caption=TEXT.filter(lambda text: not text.isdigit()),
    duration=st.none() | st.integers(10, 600),
    keyscale=st.sampled_from(["", "C major", "F# minor", "B♭ major"]),
    language=st.sampled_from(sorted(LANGUAGES)),
    timesignature=st.sampled_from(["", *TIME_SIGNATURES]),
)


@given(THOUGHTS)
def test_the_block_is_pyyamls_and_comes_back(thought: Thought) -> None:
    text = thought.to_yaml()
    values = {name: value for name, value in vars(thought).items() if value not in (None, "")}
    if values.get("timesignature"):
        values["timesignature"] = int(values["timesignature"])
    if (caption := values.get("caption", "")).isascii() and caption.isdigit():
        values["caption"] = int(caption)
    assert text == yaml.dump(values, allow_unicode=True, sort_keys=True).strip()
    assert Thought.parse(text, max_seconds=600) == (
        thought
        if not isinstance(values.get("caption"), int)
        else Thought(**{**vars(thought), "caption": str(int(caption))})
    )


def test_the_parts_of_the_format_that_models_saw() -> None:
    long = "a very long caption that goes on and on about the piano, the strings, the rain and the trains at night"
    assert Thought(language="no").to_yaml() == "language: 'no'"
    assert Thought(caption="007").to_yaml() == "caption: 7"
    assert Thought(caption="mood: sad").to_yaml() == "caption: 'mood: sad'"
    assert Thought(caption="it's a song: yes").to_yaml() == "caption: 'it''s a song: yes'"
    assert Thought(timesignature="4").to_yaml() == "timesignature: 4"
    assert Thought(caption="日本語の歌").to_yaml() == "caption: 日本語の歌"
    first, second = Thought(caption=long).to_yaml().split("\n")
    assert len(first) > 80
    assert second.startswith("  ")
    assert Thought().to_yaml() == ""
    assert Thought(genres="pop", bpm=90).to_yaml(without=("genres",)) == "bpm: 90"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bpm: [1", "is not YAML"),
        ("just words", "is no YAML mapping"),
        ("tempo: 90", "unknown key 'tempo'"),
        ("bpm: {a: b}", "not plain text"),
        ("bpm: 301", "within 30 and 300"),
        ("bpm: 9" + "9" * 5000, "within 30 and 300"),
        ("bpm: ninety", "within 30 and 300"),
        ("duration: 601", "within 1 and 600"),
        ("keyscale: H major", "keyscale 'H major'"),
        ("language: klingon", "language 'klingon'"),
        ("timesignature: 5", "timesignature '5'"),
        ("a: &x [1]\nb: *x", "unknown key"),
    ],
)
def test_what_is_no_thought(text: str, problem: str) -> None:
    with pytest.raises(ThoughtError, match=problem.replace("(", r"\(")):
        Thought.parse(text, max_seconds=600)


def test_an_empty_thought_is_one() -> None:
    assert Thought.parse("", max_seconds=600) == Thought()
