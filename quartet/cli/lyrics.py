"""`quartet lyrics-timing`: when the lyrics of a song are sung."""

from __future__ import annotations

from pathlib import Path

import click

from quartet.cli.display import printable
from quartet.cli.options import address_option, connect, plain_console
from quartet.lyrics import LyricsFormat


@click.command("lyrics-timing")
@click.argument("job_id", metavar="JOB")
@click.option("--item", type=click.IntRange(0), default=0, show_default=True, help="Which song of several.")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in LyricsFormat]),
    help="Lines (lrc), subtitles with words (vtt), or everything (json).  [default: by the suffix of --output, or lrc]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.  [default: print]",
)
@click.option("--timeout", type=float, help="Seconds after which the call is given up.")
@address_option
def lyrics_timing(
    job_id: str, item: int, form: str | None, output: Path | None, timeout: float | None, address: str
) -> None:
    """Find when the lyrics of a song of JOB are sung. `quartet jobs` lists jobs."""
    chosen = _format(form, output)
    with connect(address) as client:
        timing = client.lyrics_timing(job_id, item, timeout=timeout)
    text = timing.to_text(chosen)
    console = plain_console(stderr=True)
    for warning in timing.warnings:
        console.print(f"warning: {warning}", markup=False)
    if output is None:
        click.echo(text if chosen is LyricsFormat.JSON else printable(text), nl=False)
        return
    output.write_text(text, encoding="utf-8")
    console.print(f"{output}  {len(timing.lines)} lines, score {timing.scores.overall:.3f}", markup=False)


def _format(named: str | None, output: Path | None) -> LyricsFormat:
    if named or output is None:
        return LyricsFormat(named or LyricsFormat.LRC)
    try:
        return LyricsFormat(output.suffix.lower().removeprefix("."))
    except ValueError:
        raise click.BadParameter("must end with .lrc, .vtt or .json", param_hint="--output") from None
