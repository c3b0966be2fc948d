"""nano's tokenizer: every text comes back, prompts are short, and it loads as the stages load it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from services.encoder.prompt import END_OF_TEXT
from services.encoder.tokenization import PromptTokenizer
from training.nano.tokenizer import Vocabulary, learn_vocabulary
from training.synth.clip import describe


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return learn_vocabulary(range(40), size=1400)


@pytest.fixture(scope="module")
def folder(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    vocabulary.write(folder, append_end_of_text=True)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    normalised = tokenizer.normalizer.normalize_str(text) if text else text
    assert tokenizer.decode(tokenizer.encode(text).ids) == normalised


def test_captions_of_other_clips_take_few_tokens(tokenizer: Tokenizer) -> None:
    captions = [describe(seed).caption for seed in range(1000, 1030)]
    tokens = sum(len(tokenizer.encode(caption).ids) for caption in captions)
    assert tokens < sum(len(caption.encode()) for caption in captions) / 2


def test_numbers_below_400_are_one_token(tokenizer: Tokenizer) -> None:
    end = 1
    assert all(len(tokenizer.encode(str(number)).ids) == 1 + end for number in range(400))
    assert tokenizer.encode("128 bpm").tokens[0] == "128"


def test_it_loads_as_the_encoder_stage_loads_it(folder: Path) -> None:
    PromptTokenizer(folder / "tokenizer.json")


def test_control_tokens_and_others_follow_the_pieces(vocabulary: Vocabulary, tmp_path: Path) -> None:
    ids = vocabulary.write(tmp_path, append_end_of_text=False, extra_tokens=["<|audio_code_0|>", "<|audio_code_1|>"])
    assert len(vocabulary.ids) <= 1400
    assert ids[END_OF_TEXT] == len(vocabulary.ids)
    assert ids["<|audio_code_1|>"] == len(ids) - 1


def test_the_same_seeds_give_the_same_vocabulary(vocabulary: Vocabulary) -> None:
    assert learn_vocabulary(range(40), size=1400) == vocabulary
