"""Audio codes: how many there are, and how many a song takes (spec/planner.md §1.2, §1.3)."""

from __future__ import annotations

CODES_PER_SECOND = 5
LONGEST_RUN = 25


def code_count(seconds: float) -> int:
    """Codes of a song, rounded down: one for each fifth of a second, where the nanoseconds of the wire do not count."""
    return int(seconds * CODES_PER_SECOND + 1e-6)


def whole_seconds(seconds: float) -> int:
    """What a thought says of a length: seconds rounded down, of a shorter song one."""
    return max(1, code_count(seconds) // CODES_PER_SECOND)


def longest_run(codes: list[int]) -> int:
    """Length of the longest stretch of one code. Stuck models repeat a code to the end (spec/planner.md §8)."""
    longest = run = 0
    last = None
    for code in codes:
        run = run + 1 if code == last else 1
        longest, last = max(longest, run), code
    return longest
