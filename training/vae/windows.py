"""Music as the codec's transforms see it: windows of two frames of its middle and its side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]

MIDDLE_AND_SIDE = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)


def middle_and_side(pcm: Samples) -> Matrix:
    """[2, samples] of music [samples, 2]."""
    sides: Matrix = MIDDLE_AND_SIDE @ pcm.T
    return sides


def windows_of(pcm: Samples, hop: int) -> Matrix:
    """[2 (middle, side), frames, 2 hop] of music [samples, 2]: what the last convolution of the encoder sees."""
    padded = np.pad(middle_and_side(pcm), ((0, 0), (hop // 2, hop)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * hop, axis=1)[:, ::hop][:, : len(pcm) // hop]


def products(windows: Matrix, kernels: Matrix) -> Matrix:
    """Products [frames, channels] of windows [2 (middle, side), frames, 2 hop] with kernels [2 hop, 2, channels], in
    float32, which takes a tenth of the time."""
    middle, side = windows.astype(np.float32) @ kernels.transpose(1, 0, 2).astype(np.float32)
    found: Matrix = (middle + side).astype(np.float64)
    return found
