"""What a running and a finished song look like on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from quartet import events
from quartet.events import Event, Record
from quartet.planning import Blueprint

MANY_STEPS = 1000


class SongProgress:
    """One bar per stage and item, on the console's stream."""

    def __init__(self, console: Console) -> None:
        self._bars: dict[tuple[str, int], TaskID] = {}
        self._items = 1
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[steps]}"),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Takes the next event of the call."""
        if isinstance(event, events.JobAccepted):
            self._items = event.job.song.items
        elif isinstance(event, events.Planned):
            if event.plan.thought:
                print_blueprint(self._progress.console, event.plan.blueprint)
        elif isinstance(event, events.Progress):
            self._advance(event)

    def _advance(self, event: events.Progress) -> None:
        key = (event.stage, event.item)
        if key not in self._bars:
            shared = self._items == 1 or event.stage in ("source", "reference", "encode")
            name = event.stage if shared else f"{event.stage} {event.item + 1}/{self._items}"
            self._bars[key] = self._progress.add_task(f"{name:<12}", total=event.steps, steps="")
        share = f"{event.step / event.steps:.0%}" if event.steps else ""
        steps = f"{event.step}/{event.steps}" if event.steps < MANY_STEPS else share
        self._progress.update(self._bars[key], completed=event.step, total=event.steps, steps=steps)


def print_blueprint(console: Console, blueprint: Blueprint, genres: str = "") -> None:
    """A song in words: its metadata, then caption and lyrics as they are."""
    table = Table(box=None, show_header=False)
    values = {
        "tempo": f"{blueprint.bpm} bpm" if blueprint.bpm else "",
        "key": blueprint.key_scale,
        "meter": blueprint.time_signature,
        "language": blueprint.vocal_language,
        "length": f"{blueprint.duration:g} s" if blueprint.duration else "",
        "genres": genres,
    }
    for name, value in values.items():
        if value:
            table.add_row(name, Text(printable(value)))
    console.print(table)
    for name, text in (("caption", blueprint.caption), ("lyrics", blueprint.lyrics)):
        if text:
            console.print(f"{name}:")
            console.print(printable(text), markup=False)


def printable(text: str) -> str:
    """Text without control characters, which could move the cursor or colour the terminal."""
    return "".join(letter for letter in text if letter == "\n" or letter.isprintable())


def in_order(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores by name, those over others last."""
    overall = ("reward", "lm_score", "dit_score")
    names = [*sorted(scores.keys() - set(overall)), *(name for name in overall if name in scores)]
    return {name: scores[name] for name in names}


def print_result(console: Console, record: Record, paths: Sequence[Path]) -> None:
    """The files, what was found out about them, the job, the warnings and where the time went."""
    for item, path in zip(record.items, paths, strict=True):
        seconds = item.samples / item.sample_rate
        console.print(f"{path}  {seconds:.2f} s, {item.sample_rate} Hz, {item.channels} channels, seed {item.seed}")
        if item.scores:
            console.print("  " + ", ".join(f"{name} {value:.3f}" for name, value in in_order(item.scores).items()))
        if item.lyrics_timing:
            console.print(f"  {lyrics_path(path)}  {len(item.lyric_lines)} lines")
    console.print(f"job {record.job_id}")
    for warning in record.warnings:
        console.print(f"warning: {warning}", markup=False)
    console.print(timing_table(record))


def lyrics_path(audio: Path) -> Path:
    """Where players look for the lyrics of an audio file."""
    return audio.with_suffix(".lrc")


def timing_table(record: Record) -> Table:
    """Where the time went: a row per stage and item, in seconds."""
    table = Table(title="where the time went", title_justify="left", box=None, header_style="")
    table.add_column("stage")
    table.add_column("item", justify="right")
    for name in ("start", "queue", "compute", "total"):
        table.add_column(f"{name} s", justify="right")
    for timing in record.timings:
        seconds = (timing.start, timing.queue, timing.compute, timing.total)
        table.add_row(timing.stage, str(timing.item + 1), *(f"{value:.3f}" for value in seconds))
    table.add_row("job", "", "", "", "", f"{record.total:.3f}")
    return table
