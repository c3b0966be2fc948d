"""`quartet song`: a caption becomes an audio file."""

from __future__ import annotations

import re
from typing import Any, TextIO

import click

from quartet.cli.making import run
from quartet.cli.options import metadata_options, sampling_options
from quartet.cli.song_options import (
    file_options,
    grouped,
    items_options,
    sampler_options,
    seed_options,
    spec_of,
    sung_options,
)
from quartet.planning import Thinking, TokenSampling
from quartet.songs import SongSpec
from quartet.tasks import TextToMusic

_PLANNING: Any = (
    click.option(
        "--think/--no-think",
        default=None,
        help="Plan the song as audio codes that it follows.  [default: where there is a planner]",
    ),
    click.option("--plan/--no-plan", default=True, help="Let the planner decide what you leave open, and the caption."),
    click.option("--keep-caption", is_flag=True, help="Make the music from your own caption, not from the planner's."),
    click.option(
        "--keep-metadata", is_flag=True, help="Leave tempo, key and meter open where you do; take 120 s as length."
    ),
    click.option(
        "--keep-language", is_flag=True, help="Do not let the planner name the language where you leave it open."
    ),
    click.option("--lm-guidance", type=float, help="How strictly the plan follows your words, 1 to 10.  [default: 2]"),
    click.option("--best-of", type=click.IntRange(1, 8), default=1, help="Plans per song; the best is followed."),
    click.option("--negative-prompt", default="", help="What the song should not be."),
)


@click.command()
@click.argument("caption", default="")
@grouped(sung_options)
@metadata_options
@grouped(_PLANNING)
@grouped(sampling_options)
@click.option(
    "--codes",
    type=click.File(encoding="utf-8"),
    help="File with audio codes, 5 a second, that the song follows instead of a plan; - is standard input.",
)
@grouped(seed_options)
@grouped(items_options)
@grouped(sampler_options)
@grouped(file_options)
@click.pass_context
def song(context: click.Context, /, **options: Any) -> None:
    """Make a song from CAPTION and save it. Ctrl-C cancels it."""
    run(context, options, lambda _: _spec(options))


def _spec(options: dict[str, Any]) -> SongSpec:
    return spec_of(options, TextToMusic(_codes(options["codes"])), thinking=_thinking(options))


def _codes(file: TextIO | None) -> tuple[int, ...]:
    """The numbers of a text, however they are set apart: 5 a second, or the planner's own tokens."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", file.read())) if file else ()


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
