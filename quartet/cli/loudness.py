"""Integrated loudness as ITU-R BS.1770-4: K-weighting, 400 ms blocks, two gates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

BLOCK_SECONDS = 0.4
OVERLAP = 0.75
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LUFS = -0.691
IMPULSE_SECONDS = 0.25
"""The high-pass is critically damped at 38 Hz: after this time its response is below 1e-20."""
FFT_SIZE = 2**16

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def integrated_loudness(samples: npt.NDArray[np.float32], rate: int) -> float:
    """Loudness in LUFS of mono or stereo `[samples, channels]`; -inf where no block passes the absolute gate.

    A recording of less than one block is one block.
    """
    if not len(samples):
        return -math.inf
    response = _impulse_response(rate)
    energy = sum(np.square(_filtered(channel, response)) for channel in samples.T.astype(np.float64))
    block = min(round(BLOCK_SECONDS * rate), len(samples))
    hop = max(round(BLOCK_SECONDS * (1 - OVERLAP) * rate), 1)
    total = np.concatenate(([0.0], np.cumsum(energy)))
    starts = np.arange(0, len(samples) - block + 1, hop)
    powers = (total[starts + block] - total[starts]) / block
    loud = powers[powers > _power(ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return -math.inf
    gated = loud[loud > _power(_lufs(float(loud.mean())) + RELATIVE_GATE_LU)]
    return _lufs(float(gated.mean()))


def _lufs(power: float) -> float:
    return OFFSET_LUFS + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_LUFS) / 10))


def _shelf(rate: int) -> Biquad:
    """The head: a high shelf of +4 dB, designed at 48 kHz in the recommendation and moved to any rate."""
    frequency, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * frequency / rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    numerator = ((high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / q + k * k) / a0)
    return numerator, (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def _high_pass(rate: int) -> Biquad:
    """The low end of hearing: a second-order high-pass."""
    frequency, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency / rate)
    a0 = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def _impulse_response(rate: int) -> npt.NDArray[np.float64]:
    signal = [1.0] + [0.0] * round(IMPULSE_SECONDS * rate)
    for (b0, b1, b2), (_, a1, a2) in (_shelf(rate), _high_pass(rate)):
        x1 = x2 = y1 = y2 = 0.0
        output = []
        for x in signal:
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            output.append(y)
        signal = output
    return np.array(signal)


def _filtered(channel: npt.NDArray[np.float64], response: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Convolution by overlap-add, cut to the length of the channel."""
    size = max(FFT_SIZE, 1 << (2 * len(response)).bit_length())
    step = size - len(response) + 1
    spectrum = np.fft.rfft(response, size)
    output = np.zeros(len(channel) + size)
    for start in range(0, len(channel), step):
        part = channel[start : start + step]
        output[start : start + size] += np.fft.irfft(np.fft.rfft(part, size) * spectrum, size)
    return output[: len(channel)]
