"""The evaluation runs whole on a tiny turbo family, whose noise reaches nothing, and says what it could not measure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from bench.quality.__main__ import SECTIONS, evaluate
from bench.quality.evaluation import Evaluation, Size, in_order
from bench.quality.stages import NotOfferedError, Stages
from bench.quality.style import StyleClassifier
from quartet import Client


@contextmanager
def evaluation(address: str, classifier: StyleClassifier, folder: Path) -> Iterator[Evaluation]:
    with Client(address) as client:
        addresses = {replica.stage: replica.address for replica in client.capacity().replicas}
        with Stages.connected(addresses) as stages:
            yield Evaluation(client, stages, classifier, Size(prompts=2, clips=1, seconds=10.0), folder)


def test_a_family_of_noise_is_measured_whole(
    planned_gateway_address: str, classifier: StyleClassifier, tmp_path: Path
) -> None:
    with evaluation(planned_gateway_address, classifier, tmp_path) as tiny:
        text = evaluate(tiny, "tiny", list(SECTIONS.values())).read_text("utf-8")
    assert text.count("Left out: ") == 3
    for title in ("Extract", "Lego", "Complete"):
        assert text.partition(f"## {title}\n\n")[2].split("\n")[2].startswith("Left out: the servers refuse it")
    written = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    figures = {
        name: {figure["name"]: figure for figure in part["outcome"]["figures"]}
        for name, part in written["sections"].items()
    }
    assert set(figures) == set(SECTIONS)
    assert figures["generated"]["tempo, half and double allowed"]["value"] == 100
    assert figures["words"]["key"]["best"] == figures["generated"]["key"]["value"]
    assert figures["codec"]["SI-SDR"]["value"] < 0
    assert figures["repaint"]["distance outside"]["value"] < -40 < figures["repaint"]["change inside"]["value"]
    assert figures["cover"]["new style"]["value"] < 100
    assert {row["seed"] for row in written["sections"]["words"]["outcome"]["rows"]} == {1_000_000_000, 1_000_000_001}
    for picture in ("words.png", "thinking.png", "generated.png", "codec.png"):
        assert f"({picture})" in text
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.glob("words/*.flac"))) == 2


def test_what_is_not_offered_is_said(gateway_address: str, classifier: StyleClassifier, tmp_path: Path) -> None:
    with evaluation(gateway_address, classifier, tmp_path) as tiny:
        text = evaluate(tiny, "tiny", [SECTIONS["thinking"], SECTIONS["plans"]]).read_text("utf-8")
    assert text.count("Left out: The family has no planner.") == 2
    assert "| Songs with thinking | | | | left out |" in text


def test_a_chain_that_lacks_a_stage_is_refused() -> None:
    with pytest.raises(NotOfferedError, match="no vae answers"), Stages.connected({"encoder": "localhost:1"}):
        pass


def three(drawn: list[int]) -> Iterator[int]:
    """Three items; those that were drawn are noted."""
    for item in range(3):
        drawn.append(item)
        yield item


def test_several_are_measured_at_once_and_come_in_order() -> None:
    """The first two meet, or one of them would wait in vain."""
    meeting = Barrier(2, timeout=60)

    def measure(item: int) -> int:
        if item < 2:
            meeting.wait()
        return 10 * item

    assert in_order(measure, three([]), at_once=2) == [0, 10, 20]


def test_what_fails_ends_the_measuring() -> None:
    """Items whose turn has not come are not drawn."""
    drawn: list[int] = []

    def measure(item: int) -> int:
        raise NotOfferedError("no")

    with pytest.raises(NotOfferedError):
        in_order(measure, three(drawn), at_once=1)
    assert drawn == [0, 1]
