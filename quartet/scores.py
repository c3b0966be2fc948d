"""How well a song fits its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from quartet.lyrics import LyricScores
from quartet.v1 import music_pb2


@dataclass(frozen=True)
class Scores:
    """Scores of a song, each 0 to 1.

    Attributes:
        by_name: "caption", "lyrics" and "metadata" with its parts say how well the audio codes fit the plan, and
            "reward" is over all of them; "dit_score" says how well the music follows its lyrics, and "lm_score" how
            well the audio codes alone do.
        alignment: What "dit_score" is made of; None where nothing is sung.
        warnings: Why scores are missing.
    """

    by_name: dict[str, float]
    alignment: LyricScores | None
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, message: music_pb2.ScoreResponse) -> Self:
        """From the message."""
        return cls(
            by_name=dict(message.scores),
            alignment=LyricScores.of(message.alignment) if message.HasField("alignment") else None,
            warnings=tuple(message.warnings),
        )
