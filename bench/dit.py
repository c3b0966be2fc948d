"""`python -m bench.dit FOLDER`: steps of the diffusion transformer, beside diffusers'.

Writes a random family of full size into the folder unless it is there. Both networks run in this process in bfloat16,
in turns, with the same weights and inputs, each on a thread that ends with its turn. Prints a table of seconds per step
with the share of the roof, the speed of the largest matrix product alone, and what sharing steps gains.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AceStepTransformer1DModel
from safetensors import safe_open

from bench.clock import best_seconds
from services.dit import checkpoint
from services.dit.config import DitConfig
from services.dit.model import Branch, DiffusionTransformer
from services.layers.linear import linear, packed
from services.runtime.checkpoints import read_json
from services.runtime.loading import loaded_apart
from tests.parity.mapping import transformer_state

VARIANT = "acestep-v15-turbo"
FRAMES_PER_SECOND = 25
CONDITION_TOKENS = 400
LENGTHS = (30, 120)
TOGETHER = 8
TOGETHER_SECONDS = 10
T = 0.7


@dataclass
class Seconds:
    """What each round has measured, one after the other: products of the roof in FLOP/s, steps in seconds."""

    roof: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    parser.add_argument("--seconds", type=int, nargs="+", default=LENGTHS, help="lengths of the music")
    arguments = parser.parse_args()
    if not (arguments.folder / VARIANT / "model.safetensors").exists():
        from training.random_checkpoint import write_full_size

        write_full_size(arguments.folder)
    print(asyncio.run(measure(arguments.folder, arguments.rounds, arguments.seconds)))


async def measure(models: Path, rounds: int, lengths: Sequence[int]) -> str:
    """All lengths, and items together against one after another, as markdown."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    ours = (await loaded_apart(lambda: checkpoint.load(models, VARIANT, dtype=torch.bfloat16, device=device))).model
    theirs = await loaded_apart(lambda: _diffusers(models / VARIANT, device))
    measured = {seconds: Seconds() for seconds in lengths}
    shared = Seconds()
    short = [_inputs(ours, TOGETHER_SECONDS, seed) for seed in range(TOGETHER)]
    for _ in range(rounds):
        for seconds, times in measured.items():
            inputs = _inputs(ours, seconds, 0)
            times.roof.append(await loaded_apart(partial(roof, ours, seconds)))
            times.ours.append(await loaded_apart(partial(_our_seconds, ours, [inputs])))
            times.theirs.append(await loaded_apart(partial(_their_seconds, theirs, inputs)))
        shared.ours.append(await loaded_apart(lambda: _our_seconds(ours, short)))
        shared.theirs.append(await loaded_apart(lambda: sum(_our_seconds(ours, [one]) for one in short)))
    return "\n".join(
        (f"{VARIANT}, {device.type}, bfloat16, {rounds} rounds, medians", "", table(ours, measured, shared))
    )


def table(model: DiffusionTransformer, measured: Mapping[int, Seconds], shared: Seconds) -> str:
    """Markdown."""
    lines = [
        "| music | ours, s | diffusers, s | × diffusers | GFLOP/s | roof, GFLOP/s | of the roof |",
        "|---|---|---|---|---|---|---|",
    ]
    for seconds, times in measured.items():
        work = flops(model, seconds)
        ours, theirs = statistics.median(times.ours), statistics.median(times.theirs)
        ratio = statistics.median(b / a for a, b in zip(times.ours, times.theirs, strict=True))
        share = statistics.median(work / a / b for a, b in zip(times.ours, times.roof, strict=True))
        top = statistics.median(times.roof)
        cells = (f"{ours:.2f}", f"{theirs:.2f}", f"{ratio:.1f}", f"{work / ours / 1e9:.0f}", f"{top / 1e9:.0f}")
        lines.append(f"| {seconds} s | {' | '.join(cells)} | {share:.0%} |")
    gain = statistics.median(b / a for a, b in zip(shared.ours, shared.theirs, strict=True))
    lines += ["", f"{TOGETHER} items of {TOGETHER_SECONDS} s in one step: {gain:.2f} × as fast as one after another."]
    return "\n".join(lines)


def flops(model: DiffusionTransformer, seconds: int) -> float:
    """Operations of one step of one unguided item, the condition's keys and values being there."""
    config, tokens = model.config, model.tokens(seconds * FRAMES_PER_SECOND)
    width, heads = config.hidden_size, config.attention
    projections = width * (3 * heads.query_width + 2 * heads.key_width) + heads.query_width * width
    products = config.num_hidden_layers * (projections + 3 * width * config.intermediate_size)
    seen = {"full_attention": tokens, "sliding_attention": min(tokens, 2 * config.sliding_window + 1)}
    attended = sum(seen[kind] + CONDITION_TOKENS for kind in config.layer_types)
    return 2.0 * tokens * products + 4.0 * tokens * attended * heads.query_width


def roof(model: DiffusionTransformer, seconds: int) -> float:
    """FLOP/s of the product that takes most of a step, alone."""
    config, device = model.config, model.weight.device
    x = torch.randn(model.tokens(seconds * FRAMES_PER_SECOND), config.hidden_size, device=device).bfloat16()
    weight = packed(torch.randn(2 * config.intermediate_size, config.hidden_size, device=device).bfloat16())
    work = 4.0 * x.shape[0] * config.hidden_size * config.intermediate_size
    return work / best_seconds(device, lambda: linear(x, weight), 5)


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


@torch.inference_mode()
def _our_seconds(model: DiffusionTransformer, items: Sequence[_Inputs]) -> float:
    branches = [Branch(item.latents, item.context, model.cache_condition(item.condition), T) for item in items]
    return best_seconds(model.weight.device, lambda: model(branches), 2)


@torch.inference_mode()
def _their_seconds(model: Any, item: _Inputs) -> float:
    t = torch.tensor([T]).to(item.latents)

    def step() -> object:
        return model(item.latents[None], t, t, item.condition[None], item.context[None], return_dict=False)

    return best_seconds(item.latents.device, step, 2)


def _diffusers(folder: Path, device: torch.device) -> Any:
    values = read_json(folder / "config.json")
    config = DitConfig.from_json(values)
    with safe_open(folder / "model.safetensors", framework="pt") as tensors:
        state = {key: tensors.get_tensor(key) for key in checkpoint.tensor_shapes(config)}
    taken = set(inspect.signature(AceStepTransformer1DModel).parameters)
    with torch.device("meta"):
        model = AceStepTransformer1DModel(**{name: value for name, value in values.items() if name in taken})
    model.load_state_dict(transformer_state(state), strict=True, assign=True)
    return model.to(device).eval()


if __name__ == "__main__":
    main()
