"""Pitched sound from spectra, frequency modulation and plucked strings; mono float32 at any sample rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Sound = NDArray[np.float32]
# Amplitudes [partials] of partials at Hz [partials], whose numbers are the second argument.
Spectrum = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

_TABLE = 2048


@dataclass(frozen=True)
class Envelope:
    """Seconds of attack, decay and release, and the level between decay and release."""

    attack: float
    decay: float
    sustain: float
    release: float

    def over(self, seconds: float, rate: int) -> Sound:
        """Levels for a note that is held for so long, its release included. Decay is exponential."""
        held, tail = max(int(seconds * rate), 1), max(int(self.release * rate), 1)
        time = np.arange(held) / rate
        rise = np.minimum(time / max(self.attack, 1e-4), 1)
        fall = self.sustain + (1 - self.sustain) * np.exp(-np.maximum(time - self.attack, 0) / max(self.decay, 1e-4))
        levels = rise * fall
        release = levels[-1] * np.linspace(1, 0, tail) ** 2
        return np.concatenate((levels, release)).astype(np.float32)


class Tone(Protocol):
    """Something that plays notes."""

    def play(self, hz: float, seconds: float, rate: int, brightness: float) -> Sound:
        """A note of unit loudness that is held for so long; brightness from 0 to 1."""
        ...


def power_law(exponent: float, *, odd: bool = False) -> Spectrum:
    """Partials that fall with a power of their number: 1 is a saw or, with odd ones alone, a square."""

    def amplitudes(_hz: NDArray[np.float64], number: NDArray[np.float64]) -> NDArray[np.float64]:
        levels = number**-exponent
        return np.where(number % 2 == 0, 0.0, levels) if odd else levels

    return amplitudes


def partials(*levels: float) -> Spectrum:
    """Given levels of the first partials, as drawbars set them."""

    def amplitudes(_hz: NDArray[np.float64], number: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.zeros_like(number)
        out[: len(levels)] = levels[: len(out)]
        return out

    return amplitudes


def formants(source: Spectrum, *peaks: tuple[float, float, float]) -> Spectrum:
    """A source behind resonances of (Hz, width in Hz, level)."""

    def amplitudes(hz: NDArray[np.float64], number: NDArray[np.float64]) -> NDArray[np.float64]:
        gain = sum(level / (1 + ((hz - centre) / width) ** 2) for centre, width, level in peaks)
        return source(hz, number) * (0.03 + gain)

    return amplitudes


@dataclass(frozen=True)
class Wave:
    """A periodic wave whose low-pass closes after the onset: subtractive synthesis by two wave tables.

    `cutoff` is in Hz at the onset and later, both for medium brightness; `closing` seconds lie between. `unison` waves
    are detuned by up to so many cents. `vibrato` is in semitones, `breath` the level of noise.
    """

    spectrum: Spectrum
    envelope: Envelope
    cutoff: tuple[float, float]
    closing: float = 0.3
    unison: int = 1
    detune: float = 0.0
    vibrato: float = 0.0
    breath: float = 0.0
    drive: float = 0.0

    def play(self, hz: float, seconds: float, rate: int, brightness: float) -> Sound:
        """See `Tone`."""
        levels = self.envelope.over(seconds, rate)
        opened, closed = (self.table(hz, rate, edge * 2 ** (2 * brightness - 1)) for edge in self.cutoff)
        time = np.arange(len(levels)) / rate
        closing = np.exp(-time / self.closing).astype(np.float32)
        bend = self.vibrato * np.sin(2 * np.pi * 5.3 * time) * np.minimum(time / 0.4, 1)
        sound = np.zeros(len(levels), np.float32)
        for voice in range(self.unison):
            cents = self.detune * (2 * voice / max(self.unison - 1, 1) - 1)
            cycles = np.cumsum(hz * 2 ** (cents / 1200 + bend / 12)) / rate + 0.37 * voice
            at = (cycles % 1 * _TABLE).astype(np.int32)
            sound += closed[at] + closing * (opened[at] - closed[at])
        if self.breath:
            sound += self.breath * _noise(len(levels), int(hz))
        sound *= levels / self.unison**0.5
        return _driven(sound, self.drive)

    def table(self, hz: float, rate: int, cutoff: float) -> Sound:
        """One cycle, without partials beyond half of the rate, of unit root mean square before the low-pass."""
        number = np.arange(1, min(int(0.45 * rate / hz), _TABLE // 2 - 1) + 1, dtype=np.float64)
        levels = self.spectrum(hz * number, number)
        levels = levels / np.sqrt((levels**2).sum() / 2 + 1e-12)
        levels = levels / np.sqrt(1 + (hz * number / cutoff) ** 4)
        phases = np.exp(-2j * np.pi * ((0.618 * number**1.3) % 1))
        spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
        spectrum[1 : len(number) + 1] = levels * phases * _TABLE / 2
        return np.fft.irfft(spectrum).astype(np.float32)


@dataclass(frozen=True)
class FrequencyModulation:
    """A sine that another one modulates (Chowning 1973): `ratio` of their frequencies, `index` at the onset."""

    ratio: float
    index: float
    envelope: Envelope
    index_decay: float
    tine: float = 0.0

    def play(self, hz: float, seconds: float, rate: int, brightness: float) -> Sound:
        """See `Tone`. `tine` adds a high partial at the onset."""
        levels = self.envelope.over(seconds, rate)
        time = np.arange(len(levels)) / rate
        limit = max(0.0, (0.45 * rate / hz - 1) / self.ratio - 1)
        depth = min(self.index * 2 ** (2 * brightness - 1), limit) * np.exp(-time / self.index_decay)
        angle = 2 * np.pi * hz * time
        sound = np.sin(angle + depth * np.sin(self.ratio * angle))
        if self.tine and 7 * hz < 0.45 * rate:
            sound += self.tine * np.exp(-time / 0.08) * np.sin(7 * angle)
        return (1.4 * sound * levels).astype(np.float32)


@dataclass(frozen=True)
class Pluck:
    """A plucked string (Karplus and Strong 1983). `damping` from 0 to 0.5 mellows it, `ring` is its decay in seconds.

    `pick` is where along the string it is plucked; it takes partials out.
    """

    damping: float
    ring: float
    pick: float = 0.2
    release: float = 0.12
    drive: float = 0.0

    def play(self, hz: float, seconds: float, rate: int, brightness: float) -> Sound:
        """See `Tone`."""
        damping = min(max(self.damping * (1.6 - 1.2 * brightness), 0.02), 0.5)
        period = rate / hz - damping
        whole = int(period)
        part = period - whole
        loss = 10 ** (-3 / (hz * self.ring))
        excitation = self._excitation(whole + 1, rate, 5000 * 2 ** (2 * brightness - 1))
        source = np.zeros(int((seconds + self.release) * rate) + 1)
        source[: len(excitation)] = excitation[: len(source)]
        feedback = np.zeros(whole + 3)
        feedback[0] = 1
        feedback[whole : whole + 3] -= loss * np.convolve((1 - damping, damping), (1 - part, part))
        sound = lfilter([1.0], feedback, source)
        tail = max(int(self.release * rate), 1)
        sound[-tail:] *= np.linspace(1, 0, tail) ** 2
        sound *= 0.9 / (np.sqrt(np.mean(sound[: rate // 8] ** 2)) + 1e-9)
        return _driven(sound.astype(np.float32), self.drive)

    def _excitation(self, samples: int, rate: int, cutoff: float) -> Sound:
        """One cycle of the velocity of a string that is plucked at a point."""
        number = np.arange(1, samples // 2)
        levels = np.sin(np.pi * number * self.pick) / number / np.sqrt(1 + (number * rate / samples / cutoff) ** 2)
        spectrum = np.zeros(samples // 2 + 1, np.complex128)
        spectrum[1 : len(number) + 1] = levels * np.exp(2j * np.pi * ((0.618 * number**1.3) % 1))
        return np.fft.irfft(spectrum, samples).astype(np.float32)


def _driven(sound: Sound, drive: float) -> Sound:
    """Soft clipping, as a tube amplifier does it."""
    return np.tanh(sound * (1 + 8 * drive)) if drive else sound


def _noise(samples: int, seed: int) -> Sound:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)
