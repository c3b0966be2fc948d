"""All commands under one name."""

from __future__ import annotations

import click

from quartet.cli.again import again
from quartet.cli.info import info
from quartet.cli.lyrics import lyrics_timing
from quartet.cli.pull import models, pull
from quartet.cli.retake import retake
from quartet.cli.score import score
from quartet.cli.song import song
from quartet.cli.status import jobs, status
from quartet.cli.tasks import complete, cover, edit, extend, extract, lego, remix, repaint
from quartet.cli.up import up
from quartet.cli.words import compose, rewrite, understand


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="quartet")
def cli() -> None:
    """Text becomes music: ACE-Step 1.5 as four stages behind a gateway."""


_MAKING = (song, cover, repaint, extend, extract, lego, complete, retake, edit, remix, again)
_WRITING = (compose, rewrite, understand, score, lyrics_timing)
for command in (up, *_MAKING, *_WRITING, status, jobs, info, pull, models):
    cli.add_command(command)
