"""`quartet song`: a caption becomes an audio file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from quartet.cli.display import print_result
from quartet.cli.main import INTERRUPTED
from quartet.cli.making import gateway_of, gateway_options, make, save, sidecar_of, sidecar_option
from quartet.cli.options import (
    F,
    connect,
    lyrics_text,
    metadata_options,
    plain_console,
    sampling_options,
)
from quartet.planning import Thinking, TokenSampling
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec


def _options(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.command()
@click.argument("caption", default="")
@click.option("--lyrics", help="Lyrics with structure tags such as [Verse].")
@click.option("--lyrics-file", type=click.File(encoding="utf-8"), help="File with the lyrics; - is standard input.")
@metadata_options
@click.option(
    "--think/--no-think",
    default=None,
    help="Plan the song as audio codes that it follows.  [default: where there is a planner]",
)
@click.option("--plan/--no-plan", default=True, help="Let the planner decide what you leave open, and the caption.")
@click.option("--keep-caption", is_flag=True, help="Make the music from your own caption, not from the planner's.")
@click.option(
    "--keep-metadata", is_flag=True, help="Leave tempo, key and meter open where you do; take 120 s as length."
)
@click.option("--keep-language", is_flag=True, help="Do not let the planner name the language where you leave it open.")
@click.option("--lm-guidance", type=float, help="How strictly the plan follows your words, 1 to 10.  [default: 2]")
@click.option("--best-of", type=click.IntRange(1, 8), default=1, help="Plans per song; the best is followed.")
@click.option("--negative-prompt", default="", help="What the song should not be.")
@_options(sampling_options)
@click.option("--seed", "seeds", type=click.IntRange(0, 2**32 - 1), multiple=True, help="Once per item.")
@click.option("--items", type=click.IntRange(1, 8), default=1, show_default=True, help="Songs to make.")
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Audio file whose sound the song takes on.",
)
@click.option("--model", default="", help="DiT model.  [default: the gateway's first]")
@click.option("--steps", type=click.IntRange(0), default=0, help="Sampling steps.  [default: the model's]")
@click.option("--shift", type=float, help="Shift of the noise levels.  [default: the model's]")
@click.option("--method", type=click.Choice([m.value for m in SamplerMethod]), help="How steps are taken.")
@click.option("--guidance", type=float, help="Guidance scale; 1 is none.  [default: the model's]")
@click.option("--guidance-mode", type=click.Choice([m.value for m in GuidanceMode]), help="How guidance is applied.")
@click.option(
    "--format",
    "audio_format",
    type=click.Choice([f.value for f in AudioFormat]),
    help="Format of the files.  [default: by the suffix of --output]",
)
@click.option("--peak", "peak_dbfs", type=float, help="Peak after normalisation in dBFS.  [default: -1]")
@click.option("--keep-level", is_flag=True, help="Leave the level alone.")
@click.option("--fade-in", type=float, default=0.0, help="Seconds.")
@click.option("--fade-out", type=float, default=0.0, help="Seconds.")
@click.option(
    "--mp3-bitrate",
    "mp3_bitrate_kbps",
    type=int,
    default=0,
    help="Of MP3 files: 128, 192, 256 or 320 kbit/s.  [default: 128]",
)
@click.option(
    "--sample-rate",
    type=int,
    default=0,
    help="Samples a second of the files: 44100 or 48000.  [default: the model's, 48000 of the public ones]",
)
@click.option("--title", default="", help="Title in the tags of the files.  [default: the first words of CAPTION]")
@click.option("--no-tags", is_flag=True, help="Write no title, words, tempo, key, seed and model into the files.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("song.flac"),
    show_default=True,
    help="Audio file to write; several items get their number.",
)
@sidecar_option
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PNG to write with waveform and log-mel spectrogram.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@gateway_options
@click.pass_context
def song(context: click.Context, /, **options: Any) -> None:
    """Make a song from CAPTION and save it. Ctrl-C cancels it."""
    spec = _spec(options)
    plot_file: Path | None = options["plot_file"]
    if plot_file and plot_file.suffix.lower() != ".png":
        raise click.BadParameter("must end with .png", param_hint="--plot")
    sidecar = sidecar_of(options["output"], no_sidecar=options["no_sidecar"])
    console = plain_console(stderr=options["as_json"])
    with gateway_of(options) as address, connect(address) as client:
        made = make(client, spec, options["timeout"], plain_console(stderr=True))
    if made is None:
        context.exit(INTERRUPTED)
    paths = save(made, options["output"], sidecar)
    if plot_file:
        _plot(paths, made.paths_like(plot_file))
    print_result(console, made.record, paths)
    if options["as_json"]:
        click.echo(made.record.to_json())


def _spec(options: dict[str, Any]) -> SongSpec:
    lyrics = lyrics_text(options["lyrics"], options["lyrics_file"])
    fields = {field.name for field in dataclasses.fields(SongSpec)} - {"lyrics"}
    chosen = {name: value for name, value in options.items() if name in fields}
    audio_format = _format(options["audio_format"], options["output"])
    return SongSpec(lyrics=lyrics, format=audio_format, thinking=_thinking(options), **chosen)


def _thinking(options: dict[str, Any]) -> Thinking:
    words = None if options["plan"] else False
    return Thinking(
        think=options["think"] if options["plan"] or options["think"] else False,
        write_metadata=False if options["keep_metadata"] else words,
        rewrite_caption=False if options["keep_caption"] else words,
        detect_language=False if options["keep_language"] else words,
        sampling=TokenSampling(options["lm_temperature"], options["lm_top_p"], options["lm_top_k"]),
        guidance=options["lm_guidance"],
        negative_prompt=options["negative_prompt"],
        best_of=options["best_of"],
        seed=options["lm_seed"],
        model=options["lm_model"],
    )


def _format(named: str | None, output: Path) -> AudioFormat:
    if named:
        audio_format = AudioFormat(named)
        if audio_format.suffix != output.suffix.lower():
            raise click.BadParameter(f"{named} files end with {audio_format.suffix}", param_hint="--output")
        return audio_format
    try:
        return AudioFormat.for_suffix(output.suffix)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--output") from None


def _plot(audio: tuple[Path, ...], plots: tuple[Path, ...]) -> None:
    from quartet.cli.plot import plot

    for source, target in zip(audio, plots, strict=True):
        plot(source, target)
