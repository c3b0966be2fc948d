"""What commands that make songs share: servers of their own, progress, Ctrl-C, and the files that they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from quartet.cli.display import SongProgress, lyrics_path, print_result
from quartet.cli.main import INTERRUPTED
from quartet.cli.options import F, address_option, connect, plain_console
from quartet.client import Client
from quartet.errors import InvalidRequestError, QuartetError
from quartet.events import JobAccepted
from quartet.exchange import Song, SongBuilder
from quartet.records import load_record, save_record
from quartet.songs import SongSpec

sidecar_option = click.option(
    "--no-sidecar", is_flag=True, help="Do not write the record beside the audio, as .json, for `quartet again`."
)


def gateway_options(command: F) -> F:
    """Which gateway makes the song, and how long it may take; `gateway_of` takes them."""
    for option in (
        address_option,
        click.option("--timeout", type=float, help="Seconds after which the call is given up."),
        click.option("--variant", help="With --up: DiT variant."),
        click.option("--models", type=click.Path(path_type=Path), help="With --up: folder of the model family."),
        click.option("--up", "private", is_flag=True, help="Start private servers for this one call, and stop them."),
    ):
        command = option(command)
    return command


@contextmanager
def gateway_of(options: dict[str, Any]) -> Iterator[str]:
    """The address of the gateway; with --up it is gone afterwards."""
    if not options["private"]:
        yield options["address"]
        return
    from quartet.cli.private_stack import private_stack

    given = {"--models": options["models"], "--variant": options["variant"]}
    with private_stack([part for flag, value in given.items() if value for part in (flag, str(value))]) as address:
        yield address


def run(context: click.Context, options: dict[str, Any], spec_of: Callable[[Client], SongSpec]) -> None:
    """Makes the song that is specified, saves its files and prints what came of it."""
    plot_file: Path | None = options["plot_file"]
    if plot_file and plot_file.suffix.lower() != ".png":
        raise click.BadParameter("must end with .png", param_hint="--plot")
    sidecar = sidecar_of(options["output"], no_sidecar=options["no_sidecar"])
    console = plain_console(stderr=options["as_json"])
    _check_lyrics_file(options)
    with gateway_of(options) as address, connect(address) as client:
        made = make(client, spec_of(client), options["timeout"], plain_console(stderr=True))
    if made is None:
        context.exit(INTERRUPTED)
    paths = save(made, options["output"], sidecar)
    if plot_file:
        _plot(paths, made.paths_like(plot_file))
    print_result(console, made.record, paths)
    if options["as_json"]:
        click.echo(made.record.to_json())


def _check_lyrics_file(options: dict[str, Any]) -> None:
    """Raises BadParameter where the lyrics in time would replace the file that the lyrics come from."""
    source = options.get("lyrics_file")
    if source and options["time_lyrics"] and Path(source.name).resolve() == lyrics_path(options["output"]).resolve():
        raise click.BadParameter("--lrc would replace this file; choose another --output", param_hint="--lyrics-file")


def make(client: Client, spec: SongSpec, timeout: float | None, console: Console) -> Song | None:
    """The song; None where Ctrl-C has cancelled it."""
    builder, job_id = SongBuilder(), ""
    stream = client.stream(spec, timeout=timeout)
    try:
        with SongProgress(console) as progress:
            for event in stream:
                builder.add(event)
                progress.show(event)
                if isinstance(event, JobAccepted):
                    job_id = event.job.id
    except KeyboardInterrupt:
        stream.close()
        console.print(_cancelled(client, job_id))
        return None
    return builder.song()


def sidecar_of(output: Path, *, no_sidecar: bool) -> Path | None:
    """Where the record goes. Raises BadParameter where another file is there, which it must not replace."""
    path = output.with_suffix(".json")
    if no_sidecar:
        return None
    if path.exists():
        try:
            load_record(path)
        except InvalidRequestError:
            hint = f"{path} is there and is no record of a song; choose another name or --no-sidecar"
            raise click.BadParameter(hint, param_hint="--output") from None
    return path


def save(song: Song, output: Path, sidecar: Path | None) -> tuple[Path, ...]:
    """Writes the audio files, their lyrics in time where these were found, and the record of all of them."""
    paths = song.save(output)
    for item, path in zip(song.record.items, paths, strict=True):
        if item.lyrics_timing:
            lyrics_path(path).write_text(item.lyrics_timing.to_lrc(), "utf-8")
    if sidecar:
        save_record(song.record, sidecar)
    return paths


def _cancelled(client: Client, job_id: str) -> str:
    """Ending the stream has cancelled the job; asking for it by name makes sure and says what came of it."""
    if not job_id:
        return "cancelled before a job was created"
    try:
        job = client.cancel(job_id)
    except QuartetError as error:
        return f"cancelled job {job_id} ({error.message})"
    return f"cancelled job {job_id} ({job.state})"


def _plot(audio: tuple[Path, ...], plots: tuple[Path, ...]) -> None:
    from quartet.cli.plot import plot

    for source, target in zip(audio, plots, strict=True):
        plot(source, target)
