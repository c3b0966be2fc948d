"""What can go wrong while checkpoints are fetched."""

from __future__ import annotations


class PullError(Exception):
    """The checkpoints cannot be fetched; the message says why and what to do."""


class HubUnreachableError(PullError):
    """A hub does not answer; another one may."""
