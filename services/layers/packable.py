"""What lays its weights out for computing once they are loaded."""

from __future__ import annotations

from torch import nn


class Packable(nn.Module):
    """A module whose weights lie in a checkpoint in another form than the one that it computes with."""

    def pack(self) -> None:
        """Replaces the loaded weight by the form to compute with; once."""
        raise NotImplementedError
