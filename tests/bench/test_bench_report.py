"""A report has the table of every benchmark that ran, and pictures where all did."""

from __future__ import annotations

from pathlib import Path

from bench import __main__ as bench
from bench.chain import EndToEnd
from bench.comparison import Row
from bench.overhead import Overhead
from bench.report import machine, publish, read_rows


def row(name: str, theirs: float | None = None) -> Row:
    return Row(name, 2.0, theirs, None if theirs is None else theirs / 2, 3e11, 4.5e11, 0.67)


def test_a_part_is_reported_without_pictures(tmp_path: Path) -> None:
    publish("vae", "| decode |", [row("decode 30 s", 4.0)], tmp_path)
    text = bench.report(tmp_path).read_text("utf-8")
    assert f"## The codec\n\n{machine()}\n\n| decode |" in text
    assert ".png" not in text
    assert read_rows("vae", tmp_path)[0]["ratio"] == 2.0


def test_the_whole_has_pictures(tmp_path: Path) -> None:
    publish("overhead", "o", [Overhead(10, 0.03, 0.05, 0.08)], tmp_path)
    publish("encoder", "e", [row("condition", 3.0), row("4 conditions")], tmp_path)
    publish("vae", "v", [row("decode 30 s", 4.0), row("encode 30 s", 4.0)], tmp_path)
    publish("dit", "d", [row("30 s", 4.0), row("600 s"), row("1 × 10 s"), row("16 × 10 s")], tmp_path)
    publish("planner", "p", (), tmp_path)
    publish("chain", "c", [EndToEnd(30, 40.0, 70.0, 1.75, 0.05, 80.0, {"encode": 2.0, "sample": 25.0})], tmp_path)
    text = bench.report(tmp_path).read_text("utf-8")
    for picture in ("steps.png", "ratios.png", "chain.png"):
        assert f"({picture})" in text
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
