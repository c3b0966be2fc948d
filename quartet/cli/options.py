"""What several commands share: where the gateway is, how they speak to it, and how they print."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click
from rich.console import Console

from quartet.client import DEFAULT_ADDRESS, Client
from quartet.exchange import Retry
from quartet.planning import SamplingProfile, TokenSampling

F = TypeVar("F", bound=Callable[..., Any])

address_option = click.option(
    "--address",
    default=DEFAULT_ADDRESS,
    show_default=True,
    help="host:port of the gateway.",
)


_LM = "the planner's"
sampling_options = tuple(
    click.option(flag, kind, type=type_, default=default, help=help_)
    for flag, kind, type_, default, help_ in (
        ("--lm-model", "lm_model", str, "", f"Language model that plans.  [default: {_LM} first]"),
        (
            "--lm-seed",
            "lm_seed",
            click.IntRange(-1, 2**32 - 1),
            None,
            "Seed of the plan; -1 leaves it open.  [default: --seed, or random]",
        ),
        ("--lm-temperature", "lm_temperature", float, None, f"How daring the words are, 0 to 2.  [default: {_LM}]"),
        ("--lm-top-p", "lm_top_p", float, None, "Share of the likeliest words to choose from.  [default: 0.9]"),
        ("--lm-top-k", "lm_top_k", click.IntRange(0), 0, "Number of the likeliest words to choose from; 0 is all."),
        (
            "--lm-repetition-penalty",
            "lm_repetition_penalty",
            float,
            None,
            "Above 1 makes words that were written before less likely, 0.5 to 2.  [default: 1]",
        ),
        (
            "--lm-profile",
            "lm_profile",
            click.Choice([profile.value for profile in SamplingProfile]),
            None,
            "Which of these act; compat leaves out --lm-top-p and --lm-repetition-penalty.  [default: standard]",
        ),
    )
)


def token_sampling(options: dict[str, Any]) -> TokenSampling:
    """How the planner draws tokens, as `sampling_options` say."""
    return TokenSampling(
        temperature=options["lm_temperature"],
        top_p=options["lm_top_p"],
        top_k=options["lm_top_k"],
        repetition_penalty=options["lm_repetition_penalty"],
        profile=options["lm_profile"],
    )


def metadata_options(command: F) -> F:
    """What is known of the music, with its length."""
    option = click.option(
        "--duration", type=float, help="Seconds; 0 and -1 leave it open.  [default: the planner's choice, or 120]"
    )
    return music_options(option(command))


def music_options(command: F) -> F:
    """What is known of the music."""
    for option in (
        click.option("--bpm", type=int, help="Beats per minute; 0 and -1 leave it open."),
        click.option(
            "--key", "key_scale", default="", help='Key and scale, such as "A minor"; "auto" and "N/A" leave it open.'
        ),
        click.option("--meter", "time_signature", default="", help="Beats per bar: 2, 3, 4 or 6."),
        click.option(
            "--language",
            "vocal_language",
            default="",
            help="Language of the vocals, such as en; unknown leaves it open.",
        ),
    ):
        command = option(command)
    return command


def lyrics_text(lyrics: str | None, file: TextIO | None) -> str:
    """Lyrics from the command line or from a file."""
    if lyrics and file:
        raise click.UsageError("--lyrics and --lyrics-file exclude one another")
    if file is None:
        return lyrics or ""
    try:
        return file.read()
    except UnicodeDecodeError:
        raise click.BadParameter("is not UTF-8 text", param_hint="--lyrics-file") from None


def codes_in(file: TextIO | None) -> tuple[int, ...]:
    """The numbers of a text, however they are set apart: 5 a second, or the planner's own tokens."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", file.read())) if file else ()


def connect(address: str) -> Client:
    """A client for a person who waits: it gives up sooner than a program's."""
    return Client(address, timeout=10.0, retry=Retry(attempts=3, first_pause=0.1))


def plain_console(*, stderr: bool = False) -> Console:
    """A console that wraps and colours nothing by itself; files and pipes get whole lines."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=240)
