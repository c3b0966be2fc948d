"""A codec that begins as the best linear one: lapped transforms of middle and side, cut down to principal components.

Trained from random weights a codec spends most of its time on what linear algebra knows at once: after an hour on two
cores one had reached 1 dB of signal over error, where this start has 9 dB. The encoder's strided
convolutions become a cascade of block transforms (DCT-II) whose last stage projects a window of two frames on the
principal components of its modified discrete cosine transform (Princen and Bradley 1986); the decoder is its transpose.
Everything else starts as the identity and is left to the training.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from operator import mul
from pathlib import Path

import numpy as np
import torch

from services.vae.config import VaeConfig
from training.vae.energies import DEPTH, DETECTORS, ENERGIES, Detectors
from training.vae.windows import MIDDLE_AND_SIDE, Matrix, Samples, middle_and_side, products, windows_of

# Share of the channels of a stage that the middle gets, where they do not hold all of middle and side.
_MIDDLE = 0.75
# Lowest share of a window's coefficients that components are looked for in: what is above carries next to nothing.
_BAND = 1 / 3
# Exponent of the deviation that a latent keeps: between all alike (0) and as loud as in the music (1).
_LOUDNESS = 0.5
# Logarithm of the frequency of a Snake that is next to the identity.
_ALMOST_LINEAR = -6.0
# Share of their gain that residual units keep: quiet, but not so that their kernels get no gradient. Before detectors,
# which hear all frequencies alike, they keep none.
_QUIET = 0.1


@dataclass(frozen=True)
class Components:
    """Windows of music [2 hop samples, 2 (middle, side), components]: what latents are products with, of about unit
    standard deviation all in all, and what they are multiplied with to rebuild the music.

    Channels of `detectors`, which say how loud the music is, follow them in the latents.
    """

    analysis: Matrix
    synthesis: Matrix
    detectors: Detectors | None = None

    def save(self, path: Path) -> None:
        """Writes them to a file."""
        heard = {} if self.detectors is None else asdict(self.detectors)
        np.savez(path, analysis=self.analysis, synthesis=self.synthesis, **heard)

    @classmethod
    def load(cls, path: Path) -> Components:
        """Reads them from a file."""
        with np.load(path, allow_pickle=False) as stored:
            heard = [stored[field.name] for field in fields(Detectors) if field.name in stored]
            return cls(stored["analysis"], stored["synthesis"], Detectors(*heard) if heard else None)

    def project(self, pcm: Samples) -> Matrix:
        """Latents [frames, channels] of music [samples, 2]: what the encoder that begins with them makes of it."""
        windows = windows_of(pcm, len(self.analysis) // 2)
        latents = products(windows, self.analysis)
        if self.detectors is not None:
            latents = np.concatenate((latents, self.detectors.energies(windows)), axis=1)
        return latents


def principal_components(pieces: Iterable[Samples], hop: int, count: int) -> Components:
    """The components of pieces [samples, 2] that keep most of each piece's energy, whatever its loudness."""
    transform = lapped_transform(hop)[:, : int(_BAND * hop)]
    covariance = np.zeros((2 * transform.shape[1], 2 * transform.shape[1]))
    total = loudness = 0.0
    for piece in pieces:
        coefficients = _coefficients(piece, hop, transform)
        power = (coefficients**2).mean() + 1e-12
        covariance += coefficients.T @ coefficients / power
        loudness += len(coefficients) * power
        total += len(coefficients)
    energies, vectors = np.linalg.eigh(covariance / total)
    best = vectors[:, ::-1][:, :count].reshape(2, -1, count)
    windows = np.stack([transform @ best[side] for side in range(2)], axis=1)
    deviations = np.sqrt(energies[::-1][:count])
    kept = deviations**_LOUDNESS * np.sqrt(loudness / total)
    scales = deviations ** (_LOUDNESS - 1) / np.sqrt((kept**2).mean())
    return Components(windows * scales, windows / scales)


def lapped_transform(hop: int) -> Matrix:
    """The MDCT with a sine window [2 hop, hop]; windows that overlap by half rebuild the signal."""
    time, number = np.arange(2 * hop)[:, None] + 0.5, np.arange(hop) + 0.5
    window = np.sin(np.pi * time / (2 * hop))
    transform: Matrix = np.sqrt(2 / hop) * window * np.cos(np.pi / hop * (time + hop / 2) * number)
    return transform


def _coefficients(piece: Samples, hop: int, transform: Matrix) -> Matrix:
    """[windows, 2 (middle, side) * coefficients]."""
    windows = np.lib.stride_tricks.sliding_window_view(middle_and_side(piece), 2 * hop, axis=1)[:, ::hop]
    return np.concatenate(list(windows @ transform), axis=1)


@dataclass(frozen=True)
class _Blocks:
    """Blocks of so many samples, of whose DCT-II the lowest coefficients of middle and side are kept."""

    length: int
    middle: int
    side: int

    @classmethod
    def within(cls, length: int, channels: int) -> _Blocks:
        """As many coefficients as fit into so many channels."""
        if 2 * length <= channels:
            return cls(length, length, length)
        middle = min(length, int(_MIDDLE * channels))
        return cls(length, middle, min(length, channels - middle))

    @property
    def kept(self) -> int:
        """All coefficients."""
        return self.middle + self.side

    def matrix(self) -> Matrix:
        """The transform [coefficients, length samples, 2 (middle, side)]."""
        time, number = np.arange(self.length) + 0.5, np.arange(self.length)[:, None]
        dct = np.sqrt(2 / self.length) * np.cos(np.pi / self.length * time * number)
        dct[0] /= np.sqrt(2)
        out = np.zeros((self.kept, self.length, 2))
        out[: self.middle, :, 0] = dct[: self.middle]
        out[self.middle :, :, 1] = dct[: self.side]
        return out


def _stage(coarse: _Blocks, fine: _Blocks) -> Matrix:
    """From fine blocks to a coarse one: [coarse coefficients, fine coefficients, blocks]."""
    blocks = coarse.length // fine.length
    whole = coarse.matrix().reshape(coarse.kept, blocks, fine.length, 2)
    kernel: Matrix = np.einsum("kbts,fts->kfb", whole, fine.matrix())
    return kernel


def _last_stage(windows: Matrix, fine: _Blocks) -> Matrix:
    """From fine blocks to components: [components, fine coefficients, blocks of two frames]."""
    blocks = len(windows) // fine.length
    whole = windows.transpose(2, 0, 1).reshape(windows.shape[2], blocks, fine.length, 2)
    kernel: Matrix = np.einsum("kbts,fts->kfb", whole, fine.matrix())
    return kernel


def start_as_transform(weights: dict[str, torch.Tensor], config: VaeConfig, components: Components) -> None:
    """Writes the transform over weights that were drawn, in place; they are those of `TrainableCodec.initial`."""
    for key, tensor in weights.items():
        if ".res_unit" in key and key.endswith("conv2.weight_g"):
            tensor.data.mul_(0 if key.startswith("encoder.") and components.detectors else _QUIET)
        elif ".res_unit" not in key and key.endswith((".alpha", ".beta")):
            tensor.data.fill_(_ALMOST_LINEAR)
    lengths = list(accumulate(config.downsampling_ratios, mul))
    _start_encoder(weights, config, components, lengths)
    _start_decoder(weights, config, components.synthesis, lengths)


def components_of(weights: Mapping[str, torch.Tensor], config: VaeConfig) -> Components:
    """The components that an encoder with detectors began with and still is: `start_as_transform` the other way."""
    length, channels = config.hop // config.downsampling_ratios[-1], config.encoder_hidden_size
    fine = _Blocks.within(length, channels * config.channel_multiples[len(config.downsampling_ratios) - 2])
    last = _kernel(weights, f"encoder.block.{len(config.downsampling_ratios) - 1}.conv1")
    whole = np.einsum("kfb,fts->kbts", last[:, : fine.kept], fine.matrix()).reshape(len(last), -1, 2).transpose(1, 2, 0)
    count = config.latent_channels - ENERGIES
    loudnesses = slice(count, config.latent_channels)
    sums = _kernel(weights, "encoder.conv2")[loudnesses, count:]
    heard = whole[:, :, count : count + DETECTORS]
    offsets = weights["encoder.conv2.bias"][loudnesses].detach().double().numpy()
    analysis = whole[:, :, :count]
    return Components(
        analysis,
        analysis / (analysis**2).sum(axis=(0, 1)),
        Detectors(heard, sums[:, :DETECTORS], offsets),
    )


def _kernel(weights: Mapping[str, torch.Tensor], stem: str) -> Matrix:
    """A convolution [out, in, width] whose weights are kept as directions and gains."""
    direction, gain = (weights[f"{stem}.weight_{part}"].detach().double() for part in "vg")
    kernel: Matrix = (gain * direction / direction.flatten(1).norm(dim=1)[:, None, None].clamp(min=1e-12)).numpy()
    return kernel


def _start_encoder(
    weights: dict[str, torch.Tensor], config: VaeConfig, components: Components, lengths: Sequence[int]
) -> None:
    width, ratios = config.encoder_hidden_size, config.downsampling_ratios
    _replace(weights, "encoder.conv1", _at_centre(MIDDLE_AND_SIDE, 7))
    fine = _Blocks(1, 1, 1)
    for number, (length, ratio) in enumerate(zip(lengths[:-1], ratios, strict=False)):
        coarse = _Blocks.within(length, width * config.channel_multiples[number])
        _replace(weights, f"encoder.block.{number}.conv1", _within_window(_stage(coarse, fine), ratio))
        fine = coarse
    windows, outputs = components.analysis, _at_centre(np.eye(components.analysis.shape[2]), 3)
    if components.detectors is not None:
        _start_snakes(weights, components.detectors, windows.shape[2])
        outputs = _joined(outputs, components.detectors.sums)
        windows = np.concatenate((windows, components.detectors.windows), axis=2)
    _replace(weights, f"encoder.block.{len(ratios) - 1}.conv1", _last_stage(windows, fine))
    _replace(weights, "encoder.conv2", outputs)
    weights["encoder.conv2.weight_g"].data[len(outputs) :] = 0


def _start_snakes(weights: dict[str, torch.Tensor], detectors: Detectors, first: int) -> None:
    """Squares the detectors, which come after the other channels, and puts the loudnesses' means at zero."""
    heard = slice(first, first + detectors.windows.shape[2])
    weights["encoder.snake1.alpha"].data[:, heard] = 0
    weights["encoder.snake1.beta"].data[:, heard] = DEPTH
    loudnesses = slice(first, first + len(detectors.offsets))
    weights["encoder.conv2.bias"].data[loudnesses] = torch.from_numpy(detectors.offsets).float()


def _joined(first: Matrix, second: Matrix) -> Matrix:
    """One kernel [out, in, width] whose halves have nothing to do with one another."""
    rows, columns, _ = first.shape
    joined = np.pad(first, ((0, len(second)), (0, second.shape[1]), (0, 0)))
    joined[rows:, columns:] = second
    return joined


def _start_decoder(
    weights: dict[str, torch.Tensor], config: VaeConfig, windows: Matrix, lengths: Sequence[int]
) -> None:
    """Transposes of the stages. What enters by other channels is muted at first."""
    multiples = (*reversed(config.channel_multiples[:-1]), 1)
    ratios = tuple(reversed(config.downsampling_ratios))
    finer = [
        _Blocks.within(length, config.decoder_channels * multiple)
        for length, multiple in zip((*reversed(lengths[:-1]), 1), multiples, strict=True)
    ]
    _replace(weights, "decoder.conv1", _at_centre(np.eye(windows.shape[2]), 7))
    _replace(weights, "decoder.block.0.conv_t1", _last_stage(windows, finer[0]), mute=True)
    for number, (coarse, fine) in enumerate(pairwise(finer), start=1):
        kernel = _within_window(_stage(coarse, fine), ratios[number])
        _replace(weights, f"decoder.block.{number}.conv_t1", kernel, mute=True)
    _replace(weights, "decoder.conv2", _at_centre(MIDDLE_AND_SIDE.T, 7))


def _at_centre(matrix: Matrix, width: int) -> Matrix:
    """A kernel [out, in, width] that is a matrix [out, in] at its middle tap."""
    kernel = np.zeros((*matrix.shape, width))
    kernel[:, :, width // 2] = matrix
    return kernel


def _within_window(stage: Matrix, ratio: int) -> Matrix:
    """A kernel over two blocks whose middle is the one of a stage."""
    return np.pad(stage, ((0, 0), (0, 0), (ratio // 2, ratio // 2)))


def _replace(weights: dict[str, torch.Tensor], stem: str, kernel: Matrix, *, mute: bool = False) -> None:
    """Puts a kernel over the first rows and channels of a convolution; `mute` takes the gain of all other rows."""
    direction, gain = weights[f"{stem}.weight_v"].data, weights[f"{stem}.weight_g"].data
    rows, columns, _ = kernel.shape
    direction[:rows] = 0
    direction[:rows, :columns] = torch.from_numpy(kernel).to(direction)
    gain[:rows] = direction[:rows].flatten(1).norm(dim=1)[:, None, None]
    if mute:
        gain[rows:] = 0
