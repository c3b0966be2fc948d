"""`python -m bench.vae FOLDER`: the codec in windows, beside diffusers' in one shot.

Writes a random family of full size into the folder unless it is there. Both codecs run in this process in bfloat16 with
the same weights and inputs. Prints a table of seconds with the share of the roof, the speed of the largest convolution
alone; then the memory that decoding takes on top of the weights, by length, each in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench import references
from bench.clock import best_seconds
from bench.comparison import Case, Row, compare, table
from bench.memory import peak, resident
from bench.report import add_output, publish
from services.runtime.allocator import use_huge_pages
from services.runtime.loading import loaded_apart
from services.vae import checkpoint
from services.vae.__main__ import MAPPED_BYTES
from services.vae.codec import WindowedCodec
from services.vae.convolution import Convolution
from services.vae.model import Oobleck
from serving.allocator import map_blocks_from

FRAMES_PER_SECOND = 25
WINDOW_FRAMES = 270
MEMORY_LENGTHS = (10, 30, 120)


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    parser.add_argument("--seconds", type=int, default=30, help="length of the music")
    parser.add_argument("--memory", type=int, help="print what decoding so many seconds takes, in bytes")
    add_output(parser)
    arguments = parser.parse_args()
    references.write_where_absent(arguments.folder)
    use_huge_pages()
    map_blocks_from(MAPPED_BYTES)
    if arguments.memory:
        print(memory_of(arguments.folder, arguments.memory))
        return
    rows = asyncio.run(measure(arguments.folder, arguments.rounds, arguments.seconds))
    sizes = [_memory_apart(arguments.folder, seconds) for seconds in MEMORY_LENGTHS]
    pairs = zip(MEMORY_LENGTHS, sizes, strict=True)
    cells = ", ".join(f"{size / 2**20:,.0f} MiB for {seconds} s" for seconds, size in pairs)
    publish("vae", f"{table(rows)}\n\nDecoding takes {cells} on top of the weights.", rows, arguments.output)


async def measure(models: Path, rounds: int, seconds: int) -> list[Row]:
    """Decoding and encoding of so many seconds."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    options: dict[str, Any] = {"dtype": torch.bfloat16, "device": device}
    model = (await loaded_apart(partial(checkpoint.load, models, **options))).model
    ours = WindowedCodec(model, WINDOW_FRAMES, **options)
    theirs = await loaded_apart(partial(references.codec, models, device))
    frames = seconds * FRAMES_PER_SECOND
    latents = torch.randn(frames, model.config.latent_channels)
    pcm = torch.randn(frames * model.config.hop, model.config.audio_channels)
    works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        f"decode {seconds} s": (partial(decode, ours, latents), partial(_their_decode, theirs, latents.to(device))),
        f"encode {seconds} s": (partial(encode, ours, pcm), partial(_their_encode, theirs, pcm.to(device))),
    }
    cases = [
        Case(name, our_work, their_work, _operations(their_work), partial(roof, model))
        for name, (our_work, their_work) in works.items()
    ]
    return await compare(cases, device, rounds=rounds, repeats=1)


def decode(codec: WindowedCodec, latents: torch.Tensor) -> torch.Tensor:
    """All windows, one after the other."""
    return torch.cat([codec.decode_windows([(latents, window)])[0] for window in codec.windows(len(latents))])


def encode(codec: WindowedCodec, pcm: torch.Tensor) -> torch.Tensor:
    """All windows, one after the other."""
    windows = codec.windows(len(pcm) // codec.config.hop)
    return torch.cat([codec.encode_windows([(pcm, window)])[0].mean for window in windows])


@torch.inference_mode()
def roof(model: Oobleck) -> float:
    """FLOP/s of the convolution that takes most of the codec's time, alone on a window."""
    channels, samples = model.config.decoder_channels, WINDOW_FRAMES * model.config.hop
    convolution = Convolution(channels, channels, 7)
    for parameter in convolution.parameters():
        parameter.data.normal_()
    device = next(model.parameters()).device
    convolution.to(device, torch.bfloat16).pack()
    x = torch.randn(1, samples, channels, device=device, dtype=torch.bfloat16)
    return 2.0 * 7 * channels * channels * samples / best_seconds(device, partial(convolution, x), 3)


def memory_of(models: Path, seconds: int) -> int:
    """Bytes that decoding takes at its peak, on top of the process with its weights."""
    options: dict[str, Any] = {"dtype": torch.bfloat16, "device": torch.device("cpu")}
    model = checkpoint.load(models, **options).model
    codec = WindowedCodec(model, WINDOW_FRAMES, **options)
    latents = torch.randn(seconds * FRAMES_PER_SECOND, model.config.latent_channels)
    loaded = resident()
    for window in codec.windows(len(latents)):
        codec.decode_windows([(latents, window)])
    return peak() - loaded


def _memory_apart(models: Path, seconds: int) -> int:
    command = [sys.executable, "-m", "bench.vae", str(models), "--memory", str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 (this program itself)
    return int(done.stdout)


def _operations(work: Callable[[], object]) -> float:
    """Operations of diffusers' form, in one shot: what windows compute twice counts once."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


@torch.inference_mode()
def _their_decode(codec: Any, latents: torch.Tensor) -> object:
    return codec.decode(latents.T[None].bfloat16())


@torch.inference_mode()
def _their_encode(codec: Any, pcm: torch.Tensor) -> object:
    return codec.encode(pcm.T[None].bfloat16())


if __name__ == "__main__":
    main()
