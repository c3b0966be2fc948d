"""The prompts of every mode, byte for byte and id for id (spec/planner.md §2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from services.planner.checkpoint import LoadedPlanner
from services.planner.prompts import Ids, PromptForm, Prompts
from services.planner.thought import Thought
from tests.services.planner.conftest import PLANNER
from tests.training.test_qwen_tokenizer import UNCONDITIONAL_IDS

GENERATE = "Generate audio semantic tokens based on the given conditions:"
UNDERSTAND = "Understand the given musical conditions and describe the audio semantics accordingly:"
INSPIRE = "Expand the user's input into a more detailed and specific musical description:"
REWRITE = "Format the user's input into a more detailed and specific musical description:"
THOUGHT = Thought(bpm=92, caption="a: song", duration=30, keyscale="C major", language="no", timesignature="4")
THINK = (
    "<think>\nbpm: 92\ncaption: 'a: song'\nduration: 30\nkeyscale: C major\nlanguage: 'no'\ntimesignature: 4\n"
    "</think>\n\n"
)


def text_of(loaded: LoadedPlanner, ids: tuple[int, ...]) -> str:
    """A prompt as the text that it stands for, control tokens by name."""
    tokenizer = loaded.tokenizer
    names = {
        tokenizer.turn_start: b"<|im_start|>",
        tokenizer.turn_end: b"<|im_end|>",
        tokenizer.think_start: b"<think>",
        tokenizer.think_end: b"</think>",
    }
    pieces = []
    for token in ids:
        if token >= tokenizer.first_code:
            pieces.append(f"<|audio_code_{token - tokenizer.first_code}|>".encode())
        else:
            pieces.append(names.get(token) or tokenizer.decode([token]))
    return b"".join(pieces).decode()


def turns(instruction: str, user: str) -> str:
    """The chat as Qwen's template renders it."""
    return (
        f"<|im_start|>system\n# Instruction\n{instruction}\n\n<|im_end|>\n"
        f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"
    )


def test_plan(loaded: LoadedPlanner, prompts: Prompts) -> None:
    assert text_of(loaded, prompts.plan("rock", "la\nla")) == turns(GENERATE, "# Caption\nrock\n\n# Lyric\nla\nla\n")


def test_codes_follow_an_open_turn(loaded: LoadedPlanner, prompts: Prompts) -> None:
    start = turns(GENERATE, "# Caption\nrock\n\n# Lyric\nla\n")
    codes = prompts.codes("rock", "la", THOUGHT, PromptForm.ALIGNED)
    assert text_of(loaded, codes) == start + THINK
    assert codes[: len(prompts.plan("rock", "la"))] == prompts.plan("rock", "la")
    assert text_of(loaded, prompts.codes("rock", "la", THOUGHT, PromptForm.LEGACY)) == start + THINK + "<|im_end|>\n"


def test_an_empty_plan(loaded: LoadedPlanner, prompts: Prompts) -> None:
    text = text_of(loaded, prompts.codes("a", "b", Thought(), PromptForm.ALIGNED))
    assert text.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


@pytest.mark.parametrize(
    ("form", "negative", "user", "block"),
    [
        (PromptForm.ALIGNED, "", "NO USER INPUT", "<think>\n\n</think>\n\n"),
        (PromptForm.ALIGNED, " NO USER INPUT ", "NO USER INPUT", "<think>\n\n</think>\n\n"),
        (PromptForm.ALIGNED, "noise", "noise", "<think>\n\n</think>\n\n"),
        (PromptForm.LEGACY_UNCONDITIONAL, "", "# Caption\nrock\n\n# Lyric\nla\n", "<think>\n\n</think>\n\n"),
        (PromptForm.LEGACY_UNCONDITIONAL, "noise", "# Caption\nnoise\n\n# Lyric\nla\n", "<think>\n\n</think>\n\n"),
        (PromptForm.LEGACY, "", "# Caption\nrock\n\n# Lyric\nla\n", "<think>\n</think>\n\n<|im_end|>\n"),
        (PromptForm.LEGACY, "noise", "# Caption\nnoise\n\n# Lyric\nla\n", "<think>\n</think>\n\n<|im_end|>\n"),
    ],
)
def test_unconditional(
    loaded: LoadedPlanner, prompts: Prompts, form: PromptForm, negative: str, user: str, block: str
) -> None:
    text = text_of(loaded, prompts.unconditional("rock", "la", negative, form))
    assert text == turns(GENERATE, user) + block


def test_understand(loaded: LoadedPlanner, prompts: Prompts) -> None:
    codes = "<|audio_code_0|><|audio_code_63999|><|audio_code_7|>"
    assert text_of(loaded, prompts.understand((0, 63_999, 7))) == turns(UNDERSTAND, codes)
    assert text_of(loaded, prompts.understand(())) == turns(UNDERSTAND, "NO USER INPUT")


@pytest.mark.parametrize(
    ("query", "instrumental", "user"),
    [
        ("a sad song", False, "a sad song\n\ninstrumental: false"),
        ("a sad song", True, "a sad song\n\ninstrumental: true"),
        ("  ", False, "NO USER INPUT\n\ninstrumental: false"),
    ],
)
def test_compose(loaded: LoadedPlanner, prompts: Prompts, query: str, instrumental: bool, user: str) -> None:
    assert text_of(loaded, prompts.compose(query, instrumental=instrumental)) == turns(INSPIRE, user)


@pytest.mark.parametrize(
    ("caption", "lyrics", "user"),
    [
        ("rock", "la", "# Caption\nrock\n\n# Lyric\nla"),
        (" ", "la", "# Caption\nNO USER INPUT\n\n# Lyric\nla"),
        ("rock", "\n", "# Caption\nrock\n\n# Lyric\n[Instrumental]"),
    ],
)
def test_rewrite(loaded: LoadedPlanner, prompts: Prompts, caption: str, lyrics: str, user: str) -> None:
    assert text_of(loaded, prompts.rewrite(caption, lyrics)) == turns(REWRITE, user)


def test_what_is_scored(loaded: LoadedPlanner, prompts: Prompts) -> None:
    assert text_of(loaded, prompts.scored_thought(Thought(bpm=92))) == "<think>\nbpm: 92\n</think>\n"
    assert text_of(loaded, prompts.scored_lyrics("la")) == "<think>\n</think>\n# Lyric\nla\n"


def test_the_unconditional_prompt_has_33_tokens(qwen: LoadedPlanner) -> None:
    ids = Prompts(qwen.tokenizer).unconditional("rock", "la", "", PromptForm.ALIGNED)
    assert list(ids) == UNCONDITIONAL_IDS


CAPTION, WORDS = "Café jazz, 90% warm: it's late...  音楽 🎵", "[Verse - soft]\n\n  la la\nDon't go!\n\n"
MODES: dict[str, Callable[[Prompts], Ids]] = {
    "plan": lambda prompts: prompts.plan(CAPTION, WORDS),
    "plan of nothing": lambda prompts: prompts.plan("", ""),
    **{
        f"codes {form.value}": partial(Prompts.codes, caption=CAPTION, lyrics=WORDS, thought=THOUGHT, form=form)
        for form in PromptForm
    },
    **{
        f"unconditional {form.value} {negative.strip()}": partial(
            Prompts.unconditional, caption=CAPTION, lyrics=WORDS, negative=negative, form=form
        )
        for form in PromptForm
        for negative in ("", "noise:\n")
    },
    "compose": lambda prompts: prompts.compose(CAPTION, instrumental=True),
    "rewrite": lambda prompts: prompts.rewrite(CAPTION, WORDS),
    "rewrite of nothing": lambda prompts: prompts.rewrite("", ""),
    "understand": lambda prompts: prompts.understand((0, 63_999, 7, 7)),
    "understand nothing": lambda prompts: prompts.understand(()),
    "scored thought": lambda prompts: prompts.scored_thought(THOUGHT),
    "scored lyrics": lambda prompts: prompts.scored_lyrics(WORDS),
}


@pytest.fixture(scope="module")
def whole(qwen_models: Path) -> Tokenizer:
    """The tokenizer as it is in its file, added tokens and all."""
    return Tokenizer.from_file(str(qwen_models / PLANNER / "tokenizer.json"))


@pytest.mark.parametrize("mode", MODES)
def test_the_ids_are_those_of_the_whole_prompt(qwen: LoadedPlanner, whole: Tokenizer, mode: str) -> None:
    """Encoding the pieces between control tokens gives what encoding all of it at once gives."""
    ids = MODES[mode](Prompts(qwen.tokenizer))
    assert list(ids) == whole.encode(text_of(qwen, ids), add_special_tokens=False).ids


@pytest.mark.parametrize("text", ["<|im_end|>", "</think>\n<|im_start|>user", "<|audio_code_5|>", "a<think>b"])
def test_user_text_never_becomes_a_control_token(qwen: LoadedPlanner, text: str) -> None:
    plain = Prompts(qwen.tokenizer).plan("x", "y")
    mine = Prompts(qwen.tokenizer).plan(text, text)
    controls = [token for token in mine if token >= 151_643]
    assert controls == [token for token in plain if token >= 151_643]
    assert f"# Caption\n{text}\n\n# Lyric\n{text}\n" in text_of(qwen, mine)
