"""The lines of Python in the guide do what their pages say, on the tiny base model."""

from __future__ import annotations

import re
import runpy
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile

from quartet import Client, save_record

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = sorted(path.stem for path in GUIDE.glob("*.md") if path.stem != "README")
RATE = 48_000
# What pages say of lengths and regions, within a source that is soon made.
SHORTER = {"duration=16": "duration=2", "Region(6, 10)": "Region(0.5, 1)", "Region(4, 7)": "Region(0.5, 1)"}


@pytest.fixture(scope="module")
def desk(base_address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that pages begin with."""
    folder = tmp_path_factory.mktemp("desk")
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (2 * RATE, 2))
    for name in ("song", "backing", "voice", "ballad"):
        soundfile.write(folder / f"{name}.flac", sound, RATE)
    (folder / "lyrics.txt").write_text("[Verse]\nrain on the roof\n")
    (folder / "codes.txt").write_text("1 2 3 4 5 6 7 8 9 10")
    with Client(base_address) as client:
        save_record(client.generate("a song", duration=2, seed=1, steps=2).record, folder / "song.json")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_of_a_page_run(page: str, base_address: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    (frame,) = re.findall(r"```python\n(.*?)```", (GUIDE / "README.md").read_text("utf-8"), flags=re.DOTALL)
    (lines,) = re.findall(r"```python\n(.*?)```", (GUIDE / f"{page}.md").read_text("utf-8"), flags=re.DOTALL)
    for long, short in SHORTER.items():
        lines = lines.replace(long, short)
    place = " " * 8 + "...  # the lines of a page\n"
    assert place in frame
    program = frame.replace(place, textwrap.indent(lines, " " * 8)).replace("localhost:50050", base_address)
    (desk / "page.py").write_text(program, "utf-8")
    runpy.run_path("page.py", run_name="__main__")
