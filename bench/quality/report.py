"""The report: a table for each section, all goals at the top, and every row as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.quality.evaluation import Evaluation, Outcome, Section
from bench.quality.figures import Figure, Goal
from bench.report import machine

_HEADER = "| | result | 95 % | n | best | chance | goal | |\n|---|---|---|---|---|---|---|---|"
_EXPLANATION = (
    "*95 %* is the interval of the result over prompts or clips (Wilson's for shares). *best* is what the same measure "
    "finds in the generator's own clips of the same prompts, *chance* what it finds between requests and results that "
    "do not belong together."
)


@dataclasses.dataclass(frozen=True)
class Part:
    """A section with its outcome, or why there is none."""

    section: Section
    outcome: Outcome
    left_out: str = ""


def write(folder: Path, evaluation: Evaluation, family: str, parts: Sequence[Part], pictures: Sequence[Path]) -> Path:
    """Writes `quality.md` and `quality.json`; returns the former."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "quality.md"
    target.write_text(markdown(evaluation, family, parts, pictures), "utf-8")
    rows = {part.section.name: _plain(part) for part in parts}
    served = {"machine": machine(), "family": family, "models": models(evaluation), "size": _plain(evaluation.size)}
    classifier = {"styles": evaluation.classifier.names, "confusion": evaluation.classifier.confusion.tolist()}
    whole = {**served, "classifier": classifier, "sections": rows}
    (folder / "quality.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
    return target


def markdown(evaluation: Evaluation, family: str, parts: Sequence[Part], pictures: Sequence[Path]) -> str:
    """The whole report."""
    size, classifier = evaluation.size, evaluation.classifier
    served = ", ".join(f"{stage} {name}" for stage, name in models(evaluation).items())
    lines = [
        f"# Quality of {family}",
        f"{machine()} {served}.",
        f"{size.prompts} prompts ({size.rounds} song(s) of each), {size.clips} clips, {size.seconds:g} s each, "
        f"{size.at_once} at once; {size.steps or 'as many as usual'} sampling steps.",
        f"The style classifier hears {classifier.accuracy:.1%} of {classifier.tested} held-out clips of the generator "
        f"right, {classifier.degraded_accuracy:.1%} of degraded copies; chance would be "
        f"{1 / len(classifier.names):.1%}.",
        _EXPLANATION,
        "## Goals",
        goals(parts),
    ]
    for part in parts:
        body = f"Left out: {part.left_out}" if part.left_out else table(part.outcome.figures)
        lines += [f"## {part.section.title}", f"{part.section.method}.", body]
    lines += [f"![{picture.stem}]({picture.name})" for picture in pictures]
    return "\n\n".join(lines) + "\n"


def goals(parts: Sequence[Part]) -> str:
    """Every figure with a goal, and sections that could not be measured."""
    lines = ["| section | figure | result | goal | |", "|---|---|---|---|---|"]
    for part in parts:
        title = part.section.title
        if part.left_out:
            lines.append(f"| {title} | | | | left out |")
        for figure in part.outcome.figures:
            if figure.goal is not None:
                result = _value(figure.value, figure.unit)
                lines.append(f"| {title} | {figure.name} | {result} | {_goal(figure)} | {_verdict(figure)} |")
    return "\n".join(lines)


def table(figures: Sequence[Figure]) -> str:
    """One line for each figure."""
    return "\n".join([_HEADER, *map(_line, figures)])


def models(evaluation: Evaluation) -> Mapping[str, str]:
    """What serves each stage: id, first digits of the revision, dtype."""
    return {
        replica.stage: f"{model.id} ({model.revision[:8]}, {model.compute_dtype})"
        for replica in evaluation.client.capacity().replicas
        for model in replica.models[:1]
    }


def _line(figure: Figure) -> str:
    low, high = (_digits(bound, figure.unit) for bound in (figure.low, figure.high))
    interval = f"{low} to {high}" if math.isfinite(figure.low) else ""
    beside = [_value(value, figure.unit) if value is not None else "" for value in (figure.best, figure.chance)]
    cells = [figure.name, _value(figure.value, figure.unit), interval, str(figure.count), *beside]
    return f"| {' | '.join(cells)} | {_goal(figure)} | {_verdict(figure)} |"


def _value(value: float, unit: str) -> str:
    return f"{_digits(value, unit)} {unit}".strip()


def _digits(value: float, unit: str) -> str:
    """Two digits after the point where there is no unit, one otherwise."""
    return f"{value:.1f}" if unit else f"{value:.2f}"


def _goal(figure: Figure) -> str:
    goal = figure.goal or Goal()
    if goal.within_noise:
        return "not worse"
    if math.isfinite(goal.at_least):
        return f"≥ {_value(goal.at_least, figure.unit)}"
    return f"≤ {_value(goal.at_most, figure.unit)}" if math.isfinite(goal.at_most) else ""


def _verdict(figure: Figure) -> str:
    return {None: "", True: "reached", False: "**missed**"}[figure.reached]


def _plain(value: Any) -> Any:
    """As JSON has it: dataclasses as objects without their functions, what is not finite as null."""
    if isinstance(value, Section):
        return value.title
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
