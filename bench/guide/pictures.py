"""Before and after: waveforms over log-mel spectrograms, what was new marked, and what differs in dB."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bench.plots import OURS, THEIRS
from quartet.cli.audio import Recording, Samples
from quartet.cli.plot import draw_spectrogram, draw_waveform

Spans = Sequence[tuple[float, float]]
# Small files: few colours, as many pixels as a page shows.
_COLOURS, _DPI, _WIDTH = 40, 80, 10.0
_WINDOW_SECONDS = 0.05
_FLOOR_DB = -130.0


@dataclass(frozen=True)
class Panel:
    """A recording under a title; spans in seconds are marked."""

    title: str
    recording: Recording
    marks: Spans = ()


def draw(path: Path, panels: Sequence[Panel], difference: Samples | None = None) -> None:
    """Draws recordings side by side; below them the level of a `difference` [samples, channels] at the rate of the
    first."""
    ratios = (1.0, 2.0) if difference is None else (1.0, 2.0, 1.0)
    figure = Figure(figsize=(_WIDTH, 1.25 * sum(ratios)), layout="constrained")
    grid = figure.add_gridspec(len(ratios), len(panels), height_ratios=ratios)
    for column, panel in enumerate(panels):
        for row, draw_row in enumerate((_wave, _spectrogram)):
            axes = figure.add_subplot(grid[row, column])
            draw_row(axes, panel)
            if column:
                axes.set(ylabel="", yticklabels=[])
    if difference is not None:
        _level(figure.add_subplot(grid[2, :]), difference, panels)
    save(figure, path)


def level_db(samples: Samples, rate: int) -> tuple[Samples, Samples]:
    """Times in seconds, and the level in dBFS of windows of 50 ms, at least -130."""
    window = int(_WINDOW_SECONDS * rate)
    windows = samples[: len(samples) // window * window].reshape(-1, window * samples.shape[1])
    power = np.mean(np.square(windows, dtype=np.float64), axis=1)
    times = (np.arange(len(power)) + 0.5) * _WINDOW_SECONDS
    return times.astype(np.float32), (10 * np.log10(power + 10 ** (_FLOOR_DB / 10))).astype(np.float32)


def _wave(axes: Axes, panel: Panel) -> None:
    draw_waveform(axes, panel.recording)
    axes.set_title(panel.title, fontsize="small")
    _finish(axes, panel, OURS)
    axes.set_xticklabels([])


def _spectrogram(axes: Axes, panel: Panel) -> None:
    draw_spectrogram(axes, panel.recording)
    axes.set_ylabel("Hz")
    _finish(axes, panel, "white")


def _level(axes: Axes, difference: Samples, panels: Sequence[Panel]) -> None:
    times, levels = level_db(difference, panels[0].recording.sample_rate)
    axes.plot(times, levels, color=THEIRS, linewidth=1)
    axes.set(xlim=(0, len(difference) / panels[0].recording.sample_rate), ylim=(_FLOOR_DB - 5, 5))
    axes.set_ylabel("difference, dBFS", fontsize="small")
    axes.tick_params(labelsize="x-small")
    axes.grid(alpha=0.3)
    for start, end in panels[-1].marks:
        axes.axvspan(start, end, color=OURS, alpha=0.12, linewidth=0)


def _finish(axes: Axes, panel: Panel, colour: str) -> None:
    axes.set_xlim(0, panel.recording.seconds)
    axes.tick_params(labelsize="x-small")
    axes.yaxis.label.set_fontsize("small")
    for bound in (bound for mark in panel.marks for bound in mark):
        axes.axvline(bound, color=colour, linestyle="--", linewidth=1)


def save(figure: Figure, path: Path) -> None:
    """Writes a PNG of few colours."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    picture = Image.open(buffer).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, format="PNG", optimize=True)
