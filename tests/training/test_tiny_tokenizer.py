"""The tiny tokenizers behave as Qwen's do where the prompts rely on it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.tiny_tokenizer import AUDIO_CODES, END_OF_TEXT, audio_code_tokens, write_tiny_tokenizer


@pytest.fixture(scope="module")
def text_encoder(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("text")
    ids = write_tiny_tokenizer(folder, append_end_of_text=True)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.get_vocab() == ids
    return tokenizer


@given(text=st.text())
def test_any_text_survives(text_encoder: Tokenizer, text: str) -> None:
    """In the composed form."""
    composed = unicodedata.normalize("NFC", text)
    assert text_encoder.decode(text_encoder.encode(text, add_special_tokens=False).ids) == composed


def test_the_end_of_text_is_appended_also_where_it_is_written(text_encoder: Tokenizer) -> None:
    assert text_encoder.encode(f"piano{END_OF_TEXT}\n").tokens == ["piano", END_OF_TEXT, "Ċ", END_OF_TEXT]


def test_digits_are_tokens_of_their_own(text_encoder: Tokenizer) -> None:
    assert text_encoder.encode("bpm: 120", add_special_tokens=False).tokens[-4:] == ["Ġ", "1", "2", "0"]


def test_common_words_are_joined(text_encoder: Tokenizer) -> None:
    assert text_encoder.encode("the piano and guitar", add_special_tokens=False).tokens == [
        "the",
        "Ġ",
        "piano",
        "Ġand",
        "Ġguitar",
    ]


def test_the_planner_has_audio_codes_in_a_row_and_appends_nothing(tmp_path: Path) -> None:
    ids = write_tiny_tokenizer(tmp_path, append_end_of_text=False, extra_tokens=audio_code_tokens())
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    first = ids["<|audio_code_0|>"]
    assert ids["<|audio_code_63999|>"] == first + 63_999
    assert len(ids) == first + AUDIO_CODES
    assert tokenizer.encode("<think>\n</think><|audio_code_7|>").ids[-1] == first + 7
