"""`python -m bench.full_size FOLDER`: 10 s of music at full size in bfloat16, with random weights, and its memory.

Writes a random checkpoint of the public turbo model's sizes into the folder (about 6.3 GB) unless it is there, runs
every stage in a process of its own on Linux, and fails where a stage's peak memory, less what Python and torch take
before anything is loaded, exceeds 1.15 times its weights and activations: the sign of a second copy of the weights.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.memory import peak, resident
from services.dit import checkpoint as dit_checkpoint
from services.dit.engine import DitEngine
from services.dit.items import SampleItem
from services.dit.plan import TURBO_DEFAULTS
from services.dit.stepper import DitStepper
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.engine import EncodeItem, EncoderEngine
from services.encoder.prompt import Prompt
from services.encoder.stepper import EncoderStepper
from services.runtime.batching import BatchQueue
from services.vae import checkpoint as vae_checkpoint
from services.vae.codec import WindowedCodec
from services.vae.engine import VaeEngine
from services.vae.stepper import DecodeItem, VaeStepper
from serving.telemetry import Telemetry

VARIANT = "acestep-v15-turbo"
FRAMES = 250
WINDOW_FRAMES = 270
LARGEST_RATIO = 1.15
QUEUE: dict[str, Any] = {"max_queued_items": 1, "max_queued_cost": 1e9}
BF16: dict[str, Any] = {"dtype": torch.bfloat16, "device": torch.device("cpu")}


@dataclass(frozen=True)
class Measurement:
    """Memory in bytes and time in seconds of one stage."""

    stage: str
    weights: int
    base: int
    loaded: int
    peak: int
    load_seconds: float
    compute_seconds: float

    @property
    def activations(self) -> int:
        """What compute took on top of the process with all its weights resident."""
        return max(self.peak - self.loaded, 0)

    @property
    def ratio(self) -> float:
        """Peak memory, less the interpreter and its libraries, against weights and activations."""
        return (self.peak - self.base) / (self.weights + self.activations)


Compute = Callable[[], Coroutine[Any, Any, object]]


def main() -> None:
    """Runs all stages, or one where `--stage` names it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stage", choices=tuple(_LOADERS))
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(asdict(measure(arguments.stage, arguments.folder))))
        return
    # Not in the stages' own processes, whose memory is measured: this brings diffusers with it.
    from bench.references import write_where_absent

    write_where_absent(arguments.folder)
    measurements = [_in_a_process(stage, arguments.folder) for stage in _LOADERS]
    print(table(measurements))
    if any(measurement.ratio > LARGEST_RATIO for measurement in measurements):
        sys.exit(f"error: a stage takes more than {LARGEST_RATIO} times its weights and activations")


def measure(stage: str, models: Path) -> Measurement:
    """Loads a stage, touches every weight once, then does the stage's part of a 10 s song."""
    base = resident()
    started = time.monotonic()
    modules, compute = _LOADERS[stage](models)
    parameters = [parameter for module in modules for parameter in module.parameters()]
    for parameter in (parameter for parameter in parameters if parameter.layout == torch.strided):
        parameter.view(-1)[::1024].sum()
    loaded, load_seconds = resident(), time.monotonic() - started
    started = time.monotonic()
    asyncio.run(compute())
    return Measurement(
        stage=stage,
        weights=sum(parameter.nbytes for parameter in parameters),
        base=base,
        loaded=loaded,
        peak=peak(),
        load_seconds=load_seconds,
        compute_seconds=time.monotonic() - started,
    )


def table(measurements: list[Measurement]) -> str:
    """Markdown."""
    lines = [
        "| stage | weights | before load | after load | peak | activations | ratio | load | compute |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for m in measurements:
        sizes = (m.weights, m.base, m.loaded, m.peak, m.activations)
        cells = [*(f"{size / 2**20:,.0f} MiB" for size in sizes), f"{m.ratio:.2f}"]
        lines.append(f"| {m.stage} | {' | '.join(cells)} | {m.load_seconds:.1f} s | {m.compute_seconds:.1f} s |")
    return "\n".join(lines)


def _encoder(models: Path) -> tuple[list[nn.Module], Compute]:
    loaded = encoder_checkpoint.load(models, VARIANT, **BF16)
    item = EncodeItem(Prompt("warm indie folk, fingerpicked guitar", "[Verse]\n" + "a river of rooftops\n" * 40))

    async def compute() -> object:
        stepper = EncoderStepper(loaded.model, tokens_per_step=2048, max_items=1)
        async with BatchQueue("encoder", stepper, Telemetry.off(), **QUEUE) as queue:
            engine = EncoderEngine(loaded.model.null_condition, loaded.tokenizer, queue)
            return await engine.encode(item, seconds_left=None)

    return loaded.model.modules(), compute


def _dit(models: Path) -> tuple[list[nn.Module], Compute]:
    loaded = dit_checkpoint.load(models, VARIANT, **BF16)
    item = SampleItem(torch.randn(400, loaded.model.config.encoder_hidden_size), None, FRAMES, seed=7)

    async def compute() -> object:
        stepper = DitStepper(loaded.model, loaded.silence, tokens_per_step=2048, max_items=1, deterministic=False)
        async with BatchQueue("dit", stepper, Telemetry.off(), **QUEUE) as queue:
            engine = DitEngine(TURBO_DEFAULTS, queue)
            return [event async for event in engine.sample(item, seconds_left=None)]

    return [loaded.model], compute


def _vae(models: Path) -> tuple[list[nn.Module], Compute]:
    model = vae_checkpoint.load(models, **BF16).model
    item = DecodeItem(torch.randn(FRAMES, model.config.latent_channels))

    async def compute() -> object:
        stepper = VaeStepper(WindowedCodec(model, WINDOW_FRAMES, **BF16), windows_per_step=1, max_items=1)
        async with BatchQueue("vae", stepper, Telemetry.off(), **QUEUE) as queue:
            engine = VaeEngine(model.config, queue)
            return [event async for event in engine.decode(item, seconds_left=None)]

    return [model], compute


_LOADERS: dict[str, Callable[[Path], tuple[list[nn.Module], Compute]]] = {
    "encoder": _encoder,
    "dit": _dit,
    "vae": _vae,
}


def _in_a_process(stage: str, folder: Path) -> Measurement:
    command = [sys.executable, "-m", "bench.full_size", str(folder), "--stage", stage]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 (this program itself)
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
