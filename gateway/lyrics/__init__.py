"""When lyrics are sung: from the network's attention to times of lines and words, and to scores. Only numpy."""

from gateway.lyrics.scores import Scores, scores_of
from gateway.lyrics.timing import TimedLine, TimedWord, timed_lines
from gateway.lyrics.words import SungLine, SungWord, in_tags, sung_lines

__all__ = [
    "Scores",
    "SungLine",
    "SungWord",
    "TimedLine",
    "TimedWord",
    "in_tags",
    "scores_of",
    "sung_lines",
    "timed_lines",
]
