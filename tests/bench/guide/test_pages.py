"""The pages of the guide quote what was measured, show it, and say what can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bench.guide.__main__ import MEASUREMENTS, PAGES
from bench.guide.readings import Measurements, quotation
from quartet.cli.group import cli

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guide"
MEASURED = Measurements.load(GUIDE / MEASUREMENTS)
# Of pictures, so that cloning stays quick.
MOST_BYTES, MOST_BYTES_IN_ALL = 120_000, 1_200_000


def text_of(page: str) -> str:
    return (GUIDE / f"{page}.md").read_text("utf-8")


def test_there_is_a_page_for_everything_that_is_measured() -> None:
    assert {path.stem for path in GUIDE.glob("*.md")} == {*PAGES, "README"}
    assert set(MEASURED.pages) == set(PAGES)
    for page in PAGES:
        assert f"({page}.md)" in text_of("README"), page


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_of_a_page_are_those_of_the_run(page: str) -> None:
    assert quotation(text_of(page)) == MEASURED.pages[page].block()


def test_the_guide_names_the_family_that_it_was_made_with() -> None:
    assert quotation(text_of("README"), "family") == MEASURED.provenance()


@pytest.mark.parametrize("page", [*PAGES, "README"])
def test_every_link_leads_somewhere(page: str) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)[^)]*\)", text_of(page))
    for target in targets:
        assert (GUIDE / target).exists(), target


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in GUIDE.glob("*.png")}
    assert set(sizes) == {f"{page}.png" for page in PAGES}
    assert max(sizes.values()) <= MOST_BYTES, sizes
    assert sum(sizes.values()) <= MOST_BYTES_IN_ALL


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_to_type_are_understood(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lyrics.txt", "codes.txt", "ballad.flac", "third.json"):
        Path(name).write_text("1 2 3")
    (shell,) = re.findall(r"```sh\n(.*?)```", text_of(page), flags=re.DOTALL)
    for line in shell.splitlines():
        program, verb, *arguments = shlex.split(line)
        assert program == "quartet"
        cli.commands[verb].make_context(verb, arguments)
