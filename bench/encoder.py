"""`python -m bench.encoder FOLDER`: conditions of prompts, beside diffusers'.

Writes a random family of full size into the folder unless it is there. Both encoders run in this process in bfloat16
with the same weights and token ids: 256 of a caption, 500 of lyrics, no reference, so that the timbre is silence's.
Prints a table of seconds for a condition, uncached and from the cache, with the share of the roof, the speed of the
largest matrix product alone.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bench import references
from bench.comparison import Case, Row, compare, table
from bench.product import product_rate
from bench.references import VARIANT
from bench.report import add_output, publish
from services.encoder import checkpoint
from services.encoder.checkpoint import LoadedEncoder
from services.encoder.engine import EncodeItem, EncoderEngine
from services.encoder.model import EncoderModel, Words
from services.encoder.prompt import Prompt
from services.encoder.stepper import EncoderStepper
from services.runtime.batching import BatchQueue
from services.runtime.loading import loaded_apart
from serving.telemetry import Telemetry

CAPTION_TOKENS, LYRIC_TOKENS = 256, 500
TOGETHER = 4
SILENT_FRAMES = 750
CACHED_CALLS = 1000


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    add_output(parser)
    arguments = parser.parse_args()
    references.write_where_absent(arguments.folder)
    rows, cached = asyncio.run(measure(arguments.folder, arguments.rounds))
    markdown = f"{table(rows)}\n\nA condition that is kept takes {cached * 1e6:.0f} µs."
    publish("encoder", markdown, rows, arguments.output)


async def measure(models: Path, rounds: int) -> tuple[list[Row], float]:
    """Conditions one by one and some together; then the seconds of a condition that is kept."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = await loaded_apart(partial(checkpoint.load, models, VARIANT, dtype=torch.bfloat16, device=device))
    text_encoder = await loaded_apart(partial(references.text_encoder, models, device))
    condition_encoder = await loaded_apart(partial(references.condition_encoder, models, device))
    items = [_words(seed, text_encoder.config.vocab_size) for seed in range(TOGETHER)]
    theirs = partial(_their_condition, text_encoder, condition_encoder, items[0])
    work = flops(loaded, text_encoder)
    roof = partial(_roof, loaded, device)
    cases = [
        Case("condition", partial(_our_conditions, loaded.model, items[:1]), theirs, work, roof),
        Case(f"{TOGETHER} conditions", partial(_our_conditions, loaded.model, items), None, TOGETHER * work, roof),
    ]
    return await compare(cases, device, rounds=rounds, repeats=2), await _cached_seconds(loaded)


def flops(loaded: LoadedEncoder, text_encoder: Any) -> float:
    """Operations of one condition without its timbre; attention counts all keys of a text."""
    config, text = loaded.config, text_encoder.config
    text_layer = text.hidden_size * text.head_dim * 2 * (text.num_attention_heads + text.num_key_value_heads)
    text_layer += 3 * text.hidden_size * text.intermediate_size
    layer = config.width * config.head_dim * 2 * (config.heads + config.kv_heads) + 3 * config.width * config.mlp_width
    attended = text.num_hidden_layers * CAPTION_TOKENS**2 * text.num_attention_heads * text.head_dim
    attended += config.lyric_layers * LYRIC_TOKENS**2 * config.heads * config.head_dim
    products = text.num_hidden_layers * CAPTION_TOKENS * text_layer + config.lyric_layers * LYRIC_TOKENS * layer
    return float(2 * products + 4 * attended)


def _words(seed: int, vocabulary: int) -> Words:
    ids = torch.randint(0, vocabulary, (CAPTION_TOKENS + LYRIC_TOKENS,), generator=torch.Generator().manual_seed(seed))
    return Words(ids[:CAPTION_TOKENS].tolist(), ids[CAPTION_TOKENS:].tolist())


def _our_conditions(model: EncoderModel, items: list[Words]) -> object:
    return model.encode(items)


@torch.inference_mode()
def _their_condition(text_encoder: Any, condition_encoder: Any, item: Words) -> object:
    device = text_encoder.device
    caption, lyrics = (torch.tensor([ids], device=device) for ids in (item.caption, item.lyrics))
    silence = condition_encoder.silence_latent[:, :SILENT_FRAMES]
    return condition_encoder(
        text_hidden_states=text_encoder(input_ids=caption).last_hidden_state,
        text_attention_mask=torch.ones_like(caption),
        lyric_hidden_states=text_encoder.get_input_embeddings()(lyrics),
        lyric_attention_mask=torch.ones_like(lyrics),
        refer_audio_acoustic_hidden_states_packed=silence,
        refer_audio_order_mask=torch.zeros(1, dtype=torch.long, device=device),
    )


async def _cached_seconds(loaded: LoadedEncoder) -> float:
    """Median seconds of an engine's call whose condition is kept."""
    item = EncodeItem(Prompt("warm indie folk " * 60, "a river of rooftops\n" * 100))
    stepper = EncoderStepper(loaded.model, tokens_per_step=2048, max_items=1)
    async with BatchQueue("encoder", stepper, Telemetry.off(), max_queued_items=1, max_queued_cost=1e9) as queue:
        engine = EncoderEngine(loaded.model.null_condition, loaded.tokenizer, queue, cache_bytes=2**28)
        await engine.encode(item, seconds_left=None)
        seconds = []
        for _ in range(CACHED_CALLS):
            began = time.perf_counter()
            await engine.encode(item, seconds_left=None)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _roof(loaded: LoadedEncoder, device: torch.device) -> float:
    """FLOP/s of the product that takes most of the lyrics' time."""
    return product_rate(LYRIC_TOKENS, loaded.config.width, 2 * loaded.config.mlp_width, device)


if __name__ == "__main__":
    main()
