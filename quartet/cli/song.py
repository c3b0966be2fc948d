"""`quartet song`: a caption becomes an audio file."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from quartet.cli.making import run
from quartet.cli.options import codes_in, metadata_options, sampling_options, token_sampling
from quartet.cli.song_options import (
    file_options,
    grouped,
    items_options,
    sampler_options,
    seed_options,
    spec_of,
    sung_options,
)
from quartet.client import Client
from quartet.documents import read_as, read_json
from quartet.planning import Composition, PromptForm, Thinking
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
    click.option(
        "--code-seed",
        "code_seeds",
        type=click.IntRange(0, 2**32 - 1),
        multiple=True,
        help="Seed of the audio codes, once per item.  [default: the seed of the plan, and one more for each item]",
    ),
    click.option(
        "--prompt-form",
        type=click.Choice([form.value for form in PromptForm]),
        help="Layout of the prompts of audio codes; the others repeat older results.  [default: aligned]",
    ),
)


@click.command()
@click.argument("caption", default="")
@click.option(
    "--words",
    type=click.File(encoding="utf-8"),
    help="What `quartet compose --json` wrote, for all that you do not say yourself; - is standard input.",
)
@grouped(sung_options)
@metadata_options
@grouped(_PLANNING)
@grouped(sampling_options)
@click.option(
    "--codes",
    type=click.File(encoding="utf-8"),
    help="File with audio codes, 5 a second, that the song follows instead of a plan; - is standard input.",
)
@click.option(
    "--code-strength",
    type=click.FloatRange(0, 1),
    help="How long audio codes, planned or yours, are followed: 1 to the end, 0 not at all.  [default: 1]",
)
@grouped(seed_options)
@grouped(items_options)
@grouped(sampler_options)
@grouped(file_options)
@click.pass_context
def song(context: click.Context, /, **options: Any) -> None:
    """Make a song from CAPTION and save it. Ctrl-C cancels it."""
    run(context, options, lambda client: _spec(client, options))


def _spec(client: Client, options: dict[str, Any]) -> SongSpec:
    task = TextToMusic(codes_in(options["codes"]), options["code_strength"])
    spec = spec_of(client, options, task, thinking=_thinking(options))
    return _in_words(spec, options["words"].read()) if options["words"] else spec


def _in_words(spec: SongSpec, document: str) -> SongSpec:
    """The song with a composition's words where nothing else is said; given codes have a length of their own."""
    words = read_as(Composition, read_json(document, "words"), "words").blueprint
    if isinstance(spec.task, TextToMusic) and spec.task.codes:
        words = dataclasses.replace(words, duration=None)
    unsaid = {name: value for name, value in dataclasses.asdict(words).items() if getattr(spec, name) in (None, "")}
    return dataclasses.replace(spec, **unsaid)


def _thinking(options: dict[str, Any]) -> Thinking:
    words = None if options["plan"] else False
    return Thinking(
        think=options["think"] if options["plan"] or options["think"] else False,
        write_metadata=False if options["keep_metadata"] else words,
        rewrite_caption=False if options["keep_caption"] else words,
        detect_language=False if options["keep_language"] else words,
        sampling=token_sampling(options),
        guidance=options["lm_guidance"],
        negative_prompt=options["negative_prompt"],
        seed=options["lm_seed"],
        code_seeds=options["code_seeds"],
        model=options["lm_model"],
        prompt_form=options["prompt_form"],
        best_of=options["best_of"],
    )
