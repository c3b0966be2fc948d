"""The chain's own time is measured through real processes before null stages."""

from __future__ import annotations

from pathlib import Path

from bench import overhead


def test_a_song_of_nothing_takes_some_time(tiny_models: Path) -> None:
    rows = overhead.measure(tiny_models, lengths=[10], songs=2)
    assert [row.length for row in rows] == [10]
    assert 0 < rows[0].median <= rows[0].worst
    assert rows[0].core_seconds > 0
    assert len(overhead.table(rows).splitlines()) == 3
