"""Options of all commands that make songs, in groups, and what they mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from quartet.cli.making import gateway_options, sidecar_option
from quartet.cli.options import F, lyrics_text
from quartet.cli.recordings import recording
from quartet.client import Client
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec, Wavelet, WaveletMode
from quartet.tasks import Task, TextToMusic

_PATH = click.Path(dir_okay=False, path_type=Path)


def grouped(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    """Several options as one decorator, in their order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _levels(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...]:
    """Numbers that commas part."""
    try:
        return tuple(float(level) for level in (text or "").split(",") if level.strip())
    except ValueError:
        raise click.BadParameter(f"{text} is no list of numbers such as 1,0.7,0.3") from None


lyrics_options: Sequence[Any] = (
    click.option("--lyrics", help="Lyrics with structure tags such as [Verse]."),
    click.option("--lyrics-file", type=click.File(encoding="utf-8"), help="File with the lyrics; - is standard input."),
)
sung_options: Sequence[Any] = (
    *lyrics_options,
    click.option("--instrumental", is_flag=True, help="Sing none of the lyrics; the record keeps them."),
)
seed_options: Sequence[Any] = (
    click.option(
        "--seed",
        "seeds",
        type=click.IntRange(-1, 2**32 - 1),
        multiple=True,
        help="Once per item; -1 leaves it open.  [default: random]",
    ),
)
items_options: Sequence[Any] = (
    click.option("--items", type=click.IntRange(1, 8), default=1, show_default=True, help="Songs to make."),
)
sampler_options: Sequence[Any] = (
    click.option("--reference", help="Whose sound the song takes on: a file, a job, JOB:ITEM, or the id of an audio."),
    click.option("--model", default="", help="DiT model.  [default: the gateway's first]"),
    click.option("--steps", type=click.IntRange(0), default=0, help="Sampling steps.  [default: the model's]"),
    click.option("--shift", type=float, help="Shift of the noise levels.  [default: the model's]"),
    click.option("--method", type=click.Choice([m.value for m in SamplerMethod]), help="How steps are taken."),
    click.option("--guidance", type=float, help="Guidance scale; 1 is none.  [default: the model's]"),
    click.option(
        "--guidance-mode", type=click.Choice([m.value for m in GuidanceMode]), help="How guidance is applied."
    ),
    click.option(
        "--guidance-interval",
        type=float,
        nargs=2,
        help="Noise levels, from and to, at which guidance acts.  [default: 0 1]",
    ),
    click.option("--timesteps", callback=_levels, help="Noise levels instead of steps and shift, such as 1,0.7,0.3."),
    click.option("--snap-timesteps", is_flag=True, help="Take the nearest levels that a turbo model was trained at."),
    click.option("--velocity-clamp", type=float, help="Longest velocity as a multiple of the latents, 0 to 5."),
    click.option("--velocity-ema", type=float, help="Share of the step before in each velocity, 0 to 0.5."),
    click.option(
        "--wavelet-correction",
        type=float,
        nargs=2,
        help="Weights of the low and of the high band; 0 0 is off.  [default: the model's]",
    ),
    click.option("--wavelet-mode", type=click.Choice([m.value for m in WaveletMode]), help="Which bands are weighed."),
    click.option("--wavelet", type=click.Choice([w.value for w in Wavelet]), help="What parts the bands."),
    click.option("--latent-shift", type=float, help="Added to the finished latents, -0.2 to 0.2."),
    click.option("--latent-rescale", type=float, help="What the finished latents are multiplied with, 0.5 to 1.5."),
)
file_options: Sequence[Any] = (
    click.option(
        "--format",
        "audio_format",
        type=click.Choice([f.value for f in AudioFormat]),
        help="Format of the files.  [default: by the suffix of --output]",
    ),
    click.option("--peak", "peak_dbfs", type=float, help="Peak after normalisation in dBFS.  [default: -1]"),
    click.option("--keep-level", is_flag=True, help="Leave the level alone."),
    click.option("--fade-in", type=float, default=0.0, help="Seconds."),
    click.option("--fade-out", type=float, default=0.0, help="Seconds."),
    click.option(
        "--mp3-bitrate",
        "mp3_bitrate_kbps",
        type=int,
        default=0,
        help="Of MP3 files: 128, 192, 256 or 320 kbit/s.  [default: 128]",
    ),
    click.option(
        "--sample-rate",
        type=int,
        default=0,
        help="Samples a second of the files: 44100 or 48000.  [default: the model's, 48000 of the public ones]",
    ),
    click.option("--title", default="", help="Title in the tags of the files.  [default: the first words of CAPTION]"),
    click.option("--no-tags", is_flag=True, help="Write no title, words, tempo, key, seed and model into the files."),
    click.option(
        "-o",
        "--output",
        type=_PATH,
        default=Path("song.flac"),
        show_default=True,
        help="Audio file to write; several items get their number.",
    ),
    sidecar_option,
    click.option("--score", is_flag=True, help="Rate how well the song fits its words."),
    click.option(
        "--lrc",
        "time_lyrics",
        is_flag=True,
        help="Find when each line is sung, and write that beside the audio, as .lrc.",
    ),
    click.option("--plot", "plot_file", type=_PATH, help="PNG to write with waveform and log-mel spectrogram."),
    click.option("--json", "as_json", is_flag=True, help="Print the record as JSON."),
    gateway_options,
)


def spec_of(client: Client, options: dict[str, Any], task: Task | None = None, **more: Any) -> SongSpec:
    """The song that options ask for. Raises BadParameter, and what the client raises where a job is named."""
    lyrics = lyrics_text(options.get("lyrics"), options.get("lyrics_file"))
    fields = {field.name for field in dataclasses.fields(SongSpec)} - {"lyrics", "reference"}
    chosen = {name: value for name, value in options.items() if name in fields}
    if options["reference"]:
        heard = recording(client, options["reference"], "--reference")
        chosen["reference" if isinstance(heard, Path) else "reference_audio_id"] = heard
    return SongSpec(lyrics=lyrics, task=task or TextToMusic(), format=format_of(options), **chosen, **more)


def format_of(options: dict[str, Any]) -> AudioFormat:
    """The format that is named, or that of the suffix. Raises BadParameter."""
    named, output = options["audio_format"], options["output"]
    if named:
        audio_format = AudioFormat(named)
        if audio_format.suffix != output.suffix.lower():
            raise click.BadParameter(f"{named} files end with {audio_format.suffix}", param_hint="--output")
        return audio_format
    try:
        return AudioFormat.for_suffix(output.suffix)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--output") from None
