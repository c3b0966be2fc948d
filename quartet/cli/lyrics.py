"""`quartet lyrics-timing`: when the lyrics of a song or of a recording are sung."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from quartet.cli.display import printable
from quartet.cli.options import address_option, connect, lyrics_text, plain_console
from quartet.cli.recordings import AUDIO_ID, JOB_ITEM
from quartet.cli.song_options import grouped, lyrics_options
from quartet.client import Client
from quartet.lyrics import LyricsFormat, LyricsTiming


@click.command("lyrics-timing")
@click.argument("song")
@grouped(lyrics_options)
@click.option("--caption", default="", help="With --lyrics: description of the music.")
@click.option("--language", "vocal_language", default="", help="With --lyrics: language of the vocals, such as en.")
@click.option("--item", type=click.IntRange(0), help="Which song of a job of several, the first being 0.")
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
def lyrics_timing(song: str, form: str | None, output: Path | None, address: str, **options: Any) -> None:
    """Find when the lyrics of SONG are sung.

    SONG is the id of a job or, as JOB:ITEM, one of its items; `quartet jobs` lists jobs. With --lyrics it is any
    recording: a file, or the id of an audio file.
    """
    chosen = _format(form, output)
    words = lyrics_text(options.pop("lyrics"), options.pop("lyrics_file"))
    with connect(address) as client:
        timing = _timing(client, song, words, **options)
    text = timing.to_text(chosen)
    console = plain_console(stderr=True)
    for warning in timing.warnings:
        console.print(f"warning: {warning}", markup=False)
    if output is None:
        click.echo(text if chosen is LyricsFormat.JSON else printable(text), nl=False)
        return
    output.write_text(text, encoding="utf-8")
    console.print(f"{output}  {len(timing.lines)} lines, score {timing.scores.overall:.3f}", markup=False)


def _timing(client: Client, song: str, words: str, *, item: int | None, **options: Any) -> LyricsTiming:
    is_file = Path(song).is_file()
    if is_file or AUDIO_ID.fullmatch(song):
        if not words.strip():
            raise click.UsageError(f"{song} is a recording: give its words with --lyrics or --lyrics-file")
        return client.lyrics_timing(Path(song) if is_file else song, item or 0, lyrics=words, **options)
    if words or options["caption"] or options["vocal_language"]:
        raise click.UsageError(f"{song} is no recording: a job brings its own lyrics, caption and language")
    named = JOB_ITEM.fullmatch(song)
    if named and named[2] and item is not None:
        raise click.UsageError(f"{song} names an item already; leave --item out")
    job_id, number = (named[1], int(named[2] or item or 0)) if named else (song, item or 0)
    return client.lyrics_timing(job_id, number, timeout=options["timeout"])


def _format(named: str | None, output: Path | None) -> LyricsFormat:
    if named or output is None:
        return LyricsFormat(named or LyricsFormat.LRC)
    try:
        return LyricsFormat(output.suffix.lower().removeprefix("."))
    except ValueError:
        raise click.BadParameter("must end with .lrc, .vtt or .json", param_hint="--output") from None
