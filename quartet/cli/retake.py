"""`quartet retake`: other takes of a song."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from quartet.cli.making import run
from quartet.cli.recordings import record_of
from quartet.cli.song_options import file_options, format_of, grouped, items_options
from quartet.client import Client
from quartet.records import load_record
from quartet.songs import SongSpec
from quartet.tasks import NewSong, Retake

# How the takes are written and what is found out about them is said anew; all else is that of the song.
_WRITTEN = (
    *("peak_dbfs", "keep_level", "fade_in", "fade_out"),
    *("mp3_bitrate_kbps", "sample_rate", "title", "no_tags"),
    *("score", "time_lyrics"),
)


@click.command()
@click.argument("song")
@click.option("--item", type=click.IntRange(0), default=0, help="Which of several songs, the first being 0.")
@click.option("--variance", type=click.FloatRange(0, 1), help="How far the takes are from the song.  [default: 0.2]")
@click.option(
    "--take-seed",
    "take_seeds",
    type=click.IntRange(-1, 2**32 - 1),
    multiple=True,
    help="Second seed, once per take; -1 leaves it open.  [default: random]",
)
@grouped(items_options)
@grouped(file_options)
@click.pass_context
def retake(
    context: click.Context,
    /,
    song: str,
    item: int,
    variance: float | None,
    take_seeds: tuple[int, ...],
    items: int,
    **options: Any,
) -> None:
    """Make other takes of SONG: a record that `quartet song` wrote beside its audio, or the id of a job."""

    def spec_of(client: Client) -> SongSpec:
        made = load_record(song) if Path(song).is_file() else record_of(client, song, "SONG")
        if item >= len(made.items):
            raise click.BadParameter(f"{song} has {len(made.items)} songs, counted from 0", param_hint="--item")
        spec = made.spec_of(item)
        if not isinstance(spec.task, NewSong):
            raise click.BadParameter(f"{song} follows a source; only songs from words have takes", param_hint="SONG")
        written = {name: options[name] for name in _WRITTEN}
        task = Retake(variance, take_seeds, spec.task.codes, spec.task.code_strength)
        return dataclasses.replace(spec, task=task, items=items, format=format_of(options), **written)

    run(context, options, spec_of)
