"""One vocabulary serves the text encoder and the planner of nano."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from services.planner.tokenization import PlannerTokenizer
from services.runtime.checkpoints import CheckpointError
from training.model_configs import NANO, NANO_PLANNER, NANO_TEXT_VOCABULARY, qwen3_shapes
from training.nano.tokenizer import Vocabulary, learn_vocabulary
from training.tiny_tokenizer import SPECIAL_TOKENS, audio_code_tokens


@pytest.fixture(scope="module")
def learned() -> Vocabulary:
    return learn_vocabulary(range(12), 400)


def test_a_vocabulary_is_read_as_it_was_written(learned: Vocabulary, tmp_path: Path) -> None:
    learned.write(tmp_path, append_end_of_text=True, extra_tokens=("<|more|>",))
    assert Vocabulary.read(tmp_path / "tokenizer.json") == learned


def test_what_holds_no_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": {"type": "WordLevel"}}))
    with pytest.raises(CheckpointError, match=rf"{path}: key model: expected vocab and merges"):
        Vocabulary.read(path)


def test_the_planner_reads_text_as_the_text_encoder_does(learned: Vocabulary, tmp_path: Path) -> None:
    text, planner = tmp_path / "text", tmp_path / "planner"
    for folder in (text, planner):
        folder.mkdir()
    learned.write(text, append_end_of_text=False)
    ids = learned.write(planner, append_end_of_text=False, extra_tokens=audio_code_tokens(20))
    tokenizer = PlannerTokenizer.load(planner / "tokenizer.json", len(ids))
    assert tokenizer.audio_codes == range(len(ids) - 20, len(ids))
    words = "A slow waltz in 3/4 with violin.\n\n[Verse 1]\nL'été s'en va, 夏が行く"
    assert tokenizer.encode(words) == Tokenizer.from_file(str(text / "tokenizer.json")).encode(words).ids
    assert tokenizer.decode(tokenizer.encode(words)).decode() == words


def test_the_planner_of_nano_takes_no_more_than_its_share() -> None:
    """Of the 40 MB that all of nano may take."""
    vocabulary = NANO_TEXT_VOCABULARY + len(SPECIAL_TOKENS) + math.prod(NANO.fsq_levels)
    shapes = qwen3_shapes(NANO_PLANNER, vocabulary).values()
    assert 2 * sum(math.prod(shape) for shape in shapes) <= 6_000_000
