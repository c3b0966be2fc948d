"""`quartet compose`, `rewrite` and `understand`: songs in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click

from quartet.cli.display import print_blueprint
from quartet.cli.options import (
    address_option,
    codes_in,
    connect,
    lyrics_text,
    metadata_options,
    plain_console,
    sampling_options,
    token_sampling,
)
from quartet.cli.recordings import recording
from quartet.documents import to_json
from quartet.planning import Blueprint, Composition
from quartet.writing import WritingOptions

F = TypeVar("F", bound=Callable[..., Any])


def _writing_command(command: F) -> F:
    """What all three commands take."""
    for option in (
        address_option,
        click.option("--timeout", type=float, help="Seconds after which the call is given up."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        *sampling_options,
    ):
        command = option(command)
    return command


@click.command()
@click.argument("query", default="")
@click.option("--instrumental", is_flag=True, help="Without vocals.")
@click.option("--language", "vocal_language", default="", help="Language of the vocals, such as en.")
@_writing_command
def compose(query: str, instrumental: bool, vocal_language: str, **options: Any) -> None:
    """Write caption, lyrics and metadata of a song from one sentence, QUERY. Without one, make a song up."""
    with connect(options["address"]) as client:
        found = client.compose(
            query,
            instrumental=instrumental,
            vocal_language=vocal_language,
            timeout=options["timeout"],
            **_writing(options),
        )
    _print(found, options["as_json"])


@click.command()
@click.argument("caption", default="")
@click.option("--lyrics", help="Lyrics to work on.")
@click.option("--lyrics-file", type=click.File(encoding="utf-8"), help="File with the lyrics; - is standard input.")
@metadata_options
@_writing_command
def rewrite(caption: str, lyrics: str | None, lyrics_file: TextIO | None, **options: Any) -> None:
    """Enrich CAPTION and lyrics, and add metadata. What you give of the metadata stays."""
    given = Blueprint(
        caption=caption,
        lyrics=lyrics_text(lyrics, lyrics_file),
        bpm=options["bpm"],
        key_scale=options["key_scale"],
        time_signature=options["time_signature"],
        vocal_language=options["vocal_language"],
        duration=options["duration"],
    )
    with connect(options["address"]) as client:
        found = client.rewrite(given, timeout=options["timeout"], **_writing(options))
    _print(found, options["as_json"])


@click.command()
@click.argument("source", default="")
@click.option(
    "--codes",
    type=click.File(encoding="utf-8"),
    help="File with audio codes, 5 a second, to describe instead of SOURCE; - is standard input.",
)
@_writing_command
def understand(source: str, codes: TextIO | None, **options: Any) -> None:
    """Describe SOURCE: caption, lyrics, tempo, key, meter, language. An estimate, lyrics above all. SOURCE is a file,
    the id of a job or, as JOB:ITEM, of one of its items, or the id of an audio file."""
    if bool(source) == bool(codes):
        raise click.UsageError("give SOURCE, or --codes instead")
    with connect(options["address"]) as client:
        heard = codes_in(codes) if codes else recording(client, source)
        found = client.understand(heard, timeout=options["timeout"], **_writing(options))
    _print(found, options["as_json"])


def _writing(options: dict[str, Any]) -> WritingOptions:
    return WritingOptions(sampling=token_sampling(options), seed=options["lm_seed"], model=options["lm_model"])


def _print(found: Composition, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(found))
        return
    console = plain_console()
    print_blueprint(console, found.blueprint, genres=found.genres)
    for warning in found.warnings:
        console.print(f"warning: {warning}", markup=False)
    console.print(f"seed {found.seed}")
