"""`quartet info`: what is in an audio file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click
from rich.table import Table

from quartet.cli.options import plain_console


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON; levels of digital silence are null.")
def info(file: Path, as_json: bool) -> None:
    """Show format, duration, level, loudness and silence of an audio FILE."""
    from quartet.cli import audio

    recording = audio.read(file)
    quiet = audio.silence(recording)
    facts: dict[str, str | int | float] = {
        "file": str(file),
        "format": recording.container,
        "codec": recording.codec,
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "samples": len(recording.samples),
        "seconds": recording.seconds,
        "peak_dbfs": audio.peak_dbfs(recording.samples),
        "rms_dbfs": audio.rms_dbfs(recording.samples),
        "loudness_lufs": audio.loudness_lufs(recording),
        "silence_seconds": quiet.total,
        "leading_silence_seconds": quiet.leading,
        "trailing_silence_seconds": quiet.trailing,
    }
    if as_json:
        finite = {name: None if value == -math.inf else value for name, value in facts.items()}
        click.echo(json.dumps(finite, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, show_header=False)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), f"{value:.2f}" if isinstance(value, float) else str(value))
    plain_console().print(table)
