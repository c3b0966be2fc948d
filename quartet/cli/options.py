"""What several commands share: where the gateway is, how they speak to it, and how they print."""

from __future__ import annotations

import click
from rich.console import Console

from quartet.client import DEFAULT_ADDRESS, Client
from quartet.exchange import Retry

address_option = click.option(
    "--address",
    default=DEFAULT_ADDRESS,
    show_default=True,
    help="host:port of the gateway.",
)


def connect(address: str) -> Client:
    """A client for a person who waits: it gives up sooner than a program's."""
    return Client(address, timeout=10.0, retry=Retry(attempts=3, first_pause=0.1))


def plain_console(*, stderr: bool = False) -> Console:
    """A console that wraps and colours nothing by itself; files and pipes get whole lines."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=240)
