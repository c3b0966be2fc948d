"""The command gives its song to the product, and writes page, picture and numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.guide.__main__ import MEASUREMENTS, main
from bench.guide.readings import Measurements

PLACES = {"README": "family", "extend": "measured"}


def test_a_page_is_measured_on_the_tiny_base_model(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page, place in PLACES.items():
        (tmp_path / f"{page}.md").write_text(f"<!-- {place} -->\n<!-- {place}: end -->\n")
    folders = ("--guide", str(tmp_path), "--sounds", str(tmp_path / "sounds"))
    monkeypatch.setattr(sys, "argv", ["guide", str(tiny_models), *folders, "--family", "tiny", "--only", "extend"])
    main()
    measured = Measurements.load(tmp_path / MEASUREMENTS)
    readings = {reading.name: reading.value for reading in measured.pages["extend"].readings}
    assert readings["length behind"] == 22
    assert readings["of them not as they were"] == 0
    assert "neither `--before` nor `--after`" in (tmp_path / "extend.md").read_text()
    assert "The sound is of tiny (dit: acestep-v15-base" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "extend.png").stat().st_size > 0
    assert (tmp_path / "sounds" / "extend.flac").stat().st_size > 0
