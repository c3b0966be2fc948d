"""`python -m training.words`: teaches the text encoder of a model family words of music; run it again to go on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.tokenization import PromptTokenizer
from services.runtime.checkpoints import CheckpointError
from serving.settings import SettingsError, load, setting
from training.checkpoints import TrainingStateError
from training.dit.export import write_text_encoder
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import NANO, qwen3_config
from training.numbers import start_numbers
from training.tiny_tokenizer import END_OF_TEXT
from training.weights import initialise, weights
from training.words.examples import Examples
from training.words.task import Reader, WordsTask

_HELD_OUT = 1


@dataclass(frozen=True)
class WordsTrainingSettings(LoopSettings, MachineSettings):
    """Trains the text encoder of a family that has its tokenizer already."""

    models: Path = setting(Path("out/nano/models"), "model family that gets the text encoder")
    output: Path = setting(Path("out/nano/words"), "folder of the training; what is there is gone on with")
    prompts: int = setting(64, "prompts in a batch", at_least=1)
    value_dropout: float = setting(0.15, "how often each value of the metadata is left out", at_least=0, at_most=1)


def main(settings: WordsTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption. Returns whether it is finished."""
    settings.use_threads()
    path = settings.models / TEXT_ENCODER / "tokenizer.json"
    tokenizer = PromptTokenizer(path)
    ids = Tokenizer.from_file(str(path)).get_vocab()
    text = qwen3_config(NANO.text, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT])
    model = Reader(text)
    initialise(model, settings.seed)
    start_numbers(model.text_encoder.embed_tokens.weight, ids)
    model.to(settings.device)
    drawn, held_out = (
        Examples(tokenizer, settings.prompts, settings.value_dropout, 2 * settings.seed + half)
        for half in (0, _HELD_OUT)
    )
    task = WordsTask(model, drawn, held_out, prompts=settings.prompts, bfloat16=settings.bfloat16)
    outcome = run(task, settings, settings.output)
    with weights(model, outcome.averaged):
        write_text_encoder(settings.models, model.text_encoder, text)
    print(f"{outcome.sentence}\n{dict(outcome.measured)}")
    return outcome.finished


if __name__ == "__main__":
    try:
        main(load(WordsTrainingSettings, "quartet-train-words"))
    except (CheckpointError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
