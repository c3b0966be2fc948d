"""The ids that prompts and think blocks are known to have with Qwen's vocabulary (spec/planner.md §2.3, §3.3)."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from serving.planning import LANGUAGES
from training.qwen_tokenizer import VOCABULARY, write_qwen_tokenizer

UNCONDITIONAL = (
    "<|im_start|>system\n# Instruction\nGenerate audio semantic tokens based on the given conditions:\n\n<|im_end|>\n"
    "<|im_start|>user\nNO USER INPUT<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
UNCONDITIONAL_IDS = [
    *(151644, 8948, 198, 2, 29051, 198, 31115, 7699, 41733, 11211, 3118, 389, 279, 2661, 4682, 1447, 151645, 198),
    *(151644, 872, 198, 8996, 13872, 26149, 151645, 198, 151644, 77091, 198, 151667, 271, 151668, 271),
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("qwen")
    write_qwen_tokenizer(folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_the_unconditional_prompt(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(UNCONDITIONAL).ids == UNCONDITIONAL_IDS
    assert len(UNCONDITIONAL_IDS) == 33


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("#", [2]),
        ("`", [63]),
        ("bp", [17808]),
        ("bpm: 120", [65, 5187, 25, 220, 16, 17, 15]),
        ("caption:", [23347, 25]),
        ("duration:", [17021, 25]),
        ("genres:", [63911, 25]),
        ("keyscale: F# minor", [10563, 2246, 25, 434, 2, 8922]),
        ("keyscale: G♯ major", [10563, 2246, 25, 479, 145346, 3598]),
        ("keyscale: F♭ minor", [10563, 2246, 25, 434, 145761, 8922]),
        ("language: yue", [11528, 25, 379, 361]),
        ("timesignature: 4", [15136, 622, 1568, 25, 220, 19]),
        (".\n", [624]),
        ('"\n', [698]),
        ("'\n", [1248]),
        ("。\n", [8997]),
        ("\n\n", [271]),
        ("<|audio_code_0|><|audio_code_63999|><|audio_code_65534|>", [151669, 215668, 217203]),
    ],
)
def test_known_ids(tokenizer: Tokenizer, text: str, ids: list[int]) -> None:
    assert tokenizer.encode(text).ids == ids


@pytest.mark.parametrize("value", [" Ab", " Db", " Eb", *(f" {language}" for language in sorted(LANGUAGES - {"yue"}))])
def test_values_of_one_token(tokenizer: Tokenizer, value: str) -> None:
    assert len(tokenizer.encode(value).ids) == 1


def test_a_flat_that_has_no_token_of_its_own(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(" Bb").tokens == ["ĠB", "b"]


def test_the_vocabulary_has_no_gaps(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == VOCABULARY
    assert sorted(tokenizer.get_vocab().values()) == list(range(VOCABULARY))
