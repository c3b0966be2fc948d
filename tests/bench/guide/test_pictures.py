"""Pictures are small files, and levels are dBFS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.guide.pictures import Panel, draw, level_db
from bench.quality.recordings import recording_of

RATE = 8000
SOUND = recording_of(np.random.default_rng(0).uniform(-1, 1, (2 * RATE, 2)).astype(np.float32), RATE)


def test_a_picture_of_a_change_has_few_colours(tmp_path: Path) -> None:
    before_and_after = [Panel("before", SOUND), Panel("after", SOUND, [(0.5, 1.0)])]
    draw(tmp_path / "change.png", before_and_after, SOUND.samples)
    with Image.open(tmp_path / "change.png") as picture:
        assert picture.mode == "P"
        assert len(picture.getcolors() or ()) <= 40
        plain_height = picture.height
    draw(tmp_path / "plain.png", before_and_after)
    with Image.open(tmp_path / "plain.png") as picture:
        assert picture.height < plain_height


def test_levels_of_windows() -> None:
    sine = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32)
    times, levels = level_db(np.stack([sine, sine], axis=1), RATE)
    assert times.tolist() == pytest.approx([0.025 + 0.05 * window for window in range(20)])
    assert levels == pytest.approx(np.full(20, -3.01), abs=0.01)
    assert level_db(np.zeros((RATE, 2), np.float32), RATE)[1].max() == pytest.approx(-130)
