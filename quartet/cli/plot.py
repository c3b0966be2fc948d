"""A picture of a song: waveform above, log-mel spectrogram below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from quartet.cli.audio import Recording, read

MEL_BANDS = 128
WINDOW = 2048
COLUMNS = 1200
FLOOR_DB = -80.0


def plot(audio: Path, target: Path) -> None:
    """Draws an audio file as a PNG. Raises CommandError where the file is no audio."""
    recording = read(audio)
    figure = Figure(figsize=(12, 6.5), layout="constrained")
    waveform, spectrogram = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    figure.suptitle(f"{audio.name}: {recording.seconds:.2f} s, {recording.sample_rate} Hz")
    draw_waveform(waveform, recording)
    waveform.legend(loc="upper right", fontsize="small")
    figure.colorbar(draw_spectrogram(spectrogram, recording), ax=spectrogram, label="dB below the loudest")
    spectrogram.set_xlabel("seconds")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, format="png", dpi=120)


def mel_filters(rate: int, window: int = WINDOW, bands: int = MEL_BANDS) -> npt.NDArray[np.float64]:
    """Triangles of height 1 whose feet and peaks lie at equal steps of m = 2595 log10(1 + f / 700): [bands, bins]."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(window, 1 / rate)
    low, peak, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (frequencies - low) / (peak - low), (high - frequencies) / (high - peak)
    return np.array(np.maximum(np.minimum(rising, falling), 0.0), dtype=np.float64)


def log_mel(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    """Power per mel band in dB below the loudest, at least -80: [bands, columns], at most 1,200 columns."""
    mono = np.pad(samples.mean(axis=1, dtype=np.float64), WINDOW // 2)
    hop = max((len(mono) - WINDOW) // COLUMNS + 1, WINDOW // 8)
    frames = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    mel = mel_filters(rate) @ power.T
    loudest = float(mel.max())
    if not loudest > 0:
        return np.full(mel.shape, FLOOR_DB)
    decibel: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(mel / loudest, 10 ** (FLOOR_DB / 10)))
    return decibel


def draw_waveform(axes: Axes, recording: Recording) -> None:
    """Draws the extremes of every column of samples, channel by channel."""
    step = max(len(recording.samples) // COLUMNS, 1)
    starts = np.arange(0, len(recording.samples), step)
    times = starts / recording.sample_rate
    for channel, samples in enumerate(recording.samples.T):
        low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
        axes.fill_between(times, low, high, alpha=0.6, linewidth=0.3, label=f"channel {channel + 1}")
    axes.set_ylim(-1.05, 1.05)
    axes.set_ylabel("amplitude")


def draw_spectrogram(axes: Axes, recording: Recording) -> AxesImage:
    """Draws `log_mel` over seconds and hertz; the image is for a colour bar."""
    bands = log_mel(recording.samples, recording.sample_rate)
    extent = (0.0, recording.seconds, 0.0, float(MEL_BANDS))
    image = axes.imshow(bands, origin="lower", aspect="auto", extent=extent, vmin=FLOOR_DB, vmax=0.0, cmap="magma")
    top = 2595 * np.log10(1 + recording.sample_rate / 2 / 700)
    ticks = [hertz for hertz in (100, 500, 1000, 2000, 5000, 10000, 20000) if hertz < recording.sample_rate / 2]
    axes.set_yticks([2595 * np.log10(1 + hertz / 700) / top * MEL_BANDS for hertz in ticks], [str(t) for t in ticks])
    axes.set_ylabel("frequency in Hz (mel scale)")
    return image
