"""Tables of pages, and where they go."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.guide.readings import Measurements, Page, Reading, Refusal, quotation

PAGE = Page(
    (Reading("samples", 384_000.0, "", 0), Reading("change", -13.26, "dB"), Reading("key", "F# minor")),
    (Refusal("`--from 18`", "is 18, must be within 0 and 16"),),
)
MEASURED = Measurements("nano after 10 steps", {"dit": "base at 1a2b"}, {"repaint": PAGE})
PLACE = "<!-- measured -->\n<!-- measured: end -->"


def test_numbers_have_units_and_words_have_none() -> None:
    lines = PAGE.block().splitlines()
    assert "| samples | 384,000 |" in lines
    assert "| change | -13.3 dB |" in lines
    assert "| key | F# minor |" in lines
    assert "| `--from 18` | `is 18, must be within 0 and 16` |" in lines


def test_a_file_gives_the_same_measurements(tmp_path: Path) -> None:
    MEASURED.save(tmp_path / "measurements.json")
    assert Measurements.load(tmp_path / "measurements.json") == MEASURED


def test_pages_quote_them_and_keep_their_other_words(tmp_path: Path) -> None:
    (tmp_path / "repaint.md").write_text(f"# Repaint\n\n{PLACE}\n\nlast words\n")
    (tmp_path / "README.md").write_text("<!-- family -->\n<!-- family: end -->\n")
    MEASURED.write_into(tmp_path)
    assert (tmp_path / "repaint.md").read_text() == f"# Repaint\n\n{PAGE.block()}\n\nlast words\n"
    assert "nano after 10 steps" in quotation((tmp_path / "README.md").read_text(), "family")
    assert "base at 1a2b" in (tmp_path / "README.md").read_text()


def test_a_page_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="measured"):
        quotation("# Repaint\n")
