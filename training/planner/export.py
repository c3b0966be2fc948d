"""A trained planner as a folder of the original layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.text import TextEncoder
from services.planner.checkpoint import CONFIG, TOKENIZER
from training.model_configs import TransformerSize, qwen3_config
from training.nano.tokenizer import Vocabulary
from training.tiny_tokenizer import END_OF_TEXT, END_OF_TURN, audio_code_tokens
from training.weights import original_tensors, write_weights


def write_tokenizer(models: Path, name: str, codebook_size: int, size: TransformerSize) -> dict[str, Any]:
    """Writes `models/name/tokenizer.json`: the vocabulary of the text encoder's, control tokens and audio codes.

    Returns the config of a planner of that size. Raises CheckpointError.
    """
    vocabulary = Vocabulary.read(models / TEXT_ENCODER / TOKENIZER)
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    ids = vocabulary.write(folder, append_end_of_text=False, extra_tokens=audio_code_tokens(codebook_size))
    return qwen3_config(size, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TURN])


def write_planner(folder: Path, model: TextEncoder, config: dict[str, Any]) -> None:
    """Writes weights and config; the tokenizer is there already."""
    write_weights(folder, original_tensors(model))
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
