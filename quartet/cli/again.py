"""`quartet again`: the identical song from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from quartet.cli.display import print_result
from quartet.cli.main import INTERRUPTED, CommandError
from quartet.cli.making import gateway_of, gateway_options, make, save, sidecar_of, sidecar_option
from quartet.cli.options import connect, plain_console
from quartet.errors import NotFoundError
from quartet.events import Record
from quartet.exchange import Song
from quartet.records import differences, load_record
from quartet.songs import AudioFormat


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--item", type=click.IntRange(0), help="Make one of several songs alone, the first being 0.")
@click.option("--strict", is_flag=True, help="Make the identical files or none.")
@click.option(
    "--audio",
    "recordings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Recording that the song was made from, where the gateway no longer has it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Audio file to write.  [default: FILE's name with -again]",
)
@sidecar_option
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@gateway_options
@click.pass_context
def again(
    context: click.Context,
    /,
    file: Path,
    item: int | None,
    strict: bool,
    recordings: tuple[Path, ...],
    output: Path | None,
    no_sidecar: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make the song of FILE again, the record that `quartet song` writes beside its audio.

    Where the same models answer the files are the same, byte for byte. Where they differ it says which, and makes the
    song anyway.
    """
    record = load_record(file)
    output = _output(record, file, output)
    same_record = output.with_suffix(".json").resolve() == file.resolve()  # which may hold more songs than are made now
    sidecar = sidecar_of(output, no_sidecar=no_sidecar or same_record)
    if item is not None and item >= len(record.items):
        raise click.BadParameter(f"{file} has {len(record.items)}, counted from 0", param_hint="--item")
    with gateway_of(options) as address, connect(address) as client:
        _tell(differences(record, client.capacity().models), strict)
        for recording in recordings:
            client.upload(recording)
        try:
            made = make(client, record.spec_of(item), options["timeout"], plain_console(stderr=True))
        except NotFoundError as error:
            hint = "; give the recording with --audio" if error.resource and error.resource[0] == "audio" else ""
            raise CommandError(f"{error.message}{hint}") from None
    if made is None:
        context.exit(INTERRUPTED)
    _tell(_other_bytes(made, record, item), strict)
    paths = save(made, output, sidecar)
    print_result(plain_console(stderr=as_json), made.record, paths)
    if as_json:
        click.echo(made.record.to_json())


def _output(record: Record, file: Path, output: Path | None) -> Path:
    suffix = AudioFormat(record.song.format).suffix
    if output is None:
        return file.with_name(f"{file.stem}-again{suffix}")
    if output.suffix.lower() != suffix:
        raise click.BadParameter(f"the song of {file} is a {suffix} file", param_hint="--output")
    return output


def _other_bytes(made: Song, record: Record, item: int | None) -> tuple[str, ...]:
    wanted = record.items if item is None else record.items[item : item + 1]
    return tuple(
        f"item {old.index}: the file is another one than that of the record"
        for old, new in zip(wanted, made.record.items, strict=True)
        if old.sha256 != new.sha256
    )


def _tell(found: tuple[str, ...], strict: bool) -> None:
    """Warnings, or the end where the files must be identical."""
    if found and strict:
        raise CommandError(f"not identical: {'; '.join(found)}")
    for line in found:
        click.echo(f"warning: {line}", err=True)
