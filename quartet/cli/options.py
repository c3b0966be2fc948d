"""What several commands share: where the gateway is, and how they speak to it."""

from __future__ import annotations

import click

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
