"""`python -m bench.dit FOLDER`: steps of the diffusion transformer, beside diffusers'.

Writes a random family of full size into the folder unless it is there. Both networks run in this process in bfloat16
with the same weights and inputs. Prints a table of seconds per step with the share of the roof, the speed of the
largest matrix product alone.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bench import references
from bench.comparison import Case, Row, compare, table
from bench.product import product_rate
from bench.references import VARIANT
from bench.report import add_output, publish
from services.dit import checkpoint
from services.dit.model import Branch, DiffusionTransformer
from services.runtime.loading import loaded_apart

FRAMES_PER_SECOND = 25
CONDITION_TOKENS = 400
LENGTHS = (30, 120)
TOGETHER = (1, 2, 4, 8, 16)
TOGETHER_SECONDS = 10
T = 0.7


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    parser.add_argument("--seconds", type=int, nargs="+", default=LENGTHS, help="lengths of the music")
    parser.add_argument("--beside", type=int, default=120, help="longest music that diffusers samples too, in seconds")
    add_output(parser)
    arguments = parser.parse_args()
    references.write_where_absent(arguments.folder)
    rows = asyncio.run(measure(arguments.folder, arguments.rounds, arguments.seconds, arguments.beside))
    publish("dit", table(rows), rows, arguments.output)


async def measure(models: Path, rounds: int, lengths: Sequence[int], beside: int) -> list[Row]:
    """Steps of items of all lengths, diffusers' too up to `beside` seconds, then of many short items together."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    ours = (await loaded_apart(lambda: checkpoint.load(models, VARIANT, dtype=torch.bfloat16, device=device))).model
    theirs = await loaded_apart(lambda: references.transformer(models, device)) if beside >= min(lengths) else None
    cases = []
    for seconds in lengths:
        inputs = _inputs(ours, seconds, 0)
        cases.append(
            Case(
                f"{seconds} s",
                _our_step(ours, [inputs]),
                partial(_their_step, theirs, inputs) if seconds <= beside else None,
                flops(ours, seconds),
                partial(_roof, ours, seconds),
            )
        )
    for items in TOGETHER:
        short = [_inputs(ours, TOGETHER_SECONDS, seed) for seed in range(items)]
        work = items * flops(ours, TOGETHER_SECONDS)
        name = f"{items} × {TOGETHER_SECONDS} s"
        roof = partial(_roof, ours, items * TOGETHER_SECONDS)
        cases.append(Case(name, _our_step(ours, short), None, work, roof))
    return await compare(cases, device, rounds=rounds, repeats=2)


def flops(model: DiffusionTransformer, seconds: int) -> float:
    """Operations of one step of one unguided item, the condition's keys and values being there."""
    config, tokens = model.config, model.tokens(seconds * FRAMES_PER_SECOND)
    width, heads = config.hidden_size, config.attention
    projections = width * (3 * heads.query_width + 2 * heads.key_width) + heads.query_width * width
    products = config.num_hidden_layers * (projections + 3 * width * config.intermediate_size)
    seen = {"full_attention": tokens, "sliding_attention": min(tokens, 2 * config.sliding_window + 1)}
    attended = sum(seen[kind] + CONDITION_TOKENS for kind in config.layer_types)
    return 2.0 * tokens * products + 4.0 * tokens * attended * heads.query_width


def _roof(model: DiffusionTransformer, seconds: int) -> float:
    """FLOP/s of the product that takes most of a step."""
    config = model.config
    rows = model.tokens(seconds * FRAMES_PER_SECOND)
    return product_rate(rows, config.hidden_size, 2 * config.intermediate_size, model.weight.device)


@dataclass(frozen=True)
class _Inputs:
    latents: torch.Tensor
    context: torch.Tensor
    condition: torch.Tensor


def _inputs(model: DiffusionTransformer, seconds: int, seed: int) -> _Inputs:
    generator = torch.Generator().manual_seed(seed)
    frames, channels = seconds * FRAMES_PER_SECOND, model.config.audio_acoustic_hidden_dim

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(model.weight)

    condition = normal(CONDITION_TOKENS, model.config.encoder_hidden_size)
    return _Inputs(normal(frames, channels), normal(frames, model.config.context_channels), condition)


def _our_step(model: DiffusionTransformer, items: Sequence[_Inputs]) -> Callable[[], object]:
    """A step of items that have been in the batch before: the keys and values of their conditions are there."""
    branches: list[Branch] = []

    @torch.inference_mode()
    def step() -> object:
        if not branches:
            caches = [model.cache_condition(item.condition) for item in items]
            branches.extend(Branch(x.latents, x.context, cache, T) for x, cache in zip(items, caches, strict=True))
        return model(branches)

    return step


@torch.inference_mode()
def _their_step(model: Any, item: _Inputs) -> object:
    t = torch.tensor([T]).to(item.latents)
    return model(item.latents[None], t, t, item.condition[None], item.context[None], return_dict=False)


if __name__ == "__main__":
    main()
