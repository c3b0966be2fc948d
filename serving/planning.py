"""What the planner knows of metadata, and rules that gateway and planner share (spec/planner.md §3.1, §3.3, §4.1)."""

from __future__ import annotations

import re

from quartet.v1 import planner_pb2
from quartet.validation import Violations

MIN_BPM, MAX_BPM = 30, 300
MAX_CAPTION_CHARACTERS = 8192
MAX_LYRIC_CHARACTERS = 10_000
MAX_THOUGHT_CHARACTERS = 8192
_LANGUAGES = (
    "ar az bg bn ca cs da de el en es fa fi fr he hi hr ht hu id is it ja ko la lt ms ne nl no pa pl pt ro ru sa sk sr "
    "sv sw ta te th tl tr uk ur vi yue zh unknown"
)
LANGUAGES = frozenset(_LANGUAGES.split())
TIME_SIGNATURES = ("2", "3", "4", "6")
_OPEN = frozenset(("", "auto", "n/a", "none", "null", "unknown"))
_KEY = re.compile(r"\s*([A-Ga-g])\s*(#|b|♯|♭)?\s*(major|minor)\s*", re.IGNORECASE)
_METER = re.compile(r"\s*([2346])\s*(/\s*(4|8))?\s*")


def is_open(text: str) -> bool:
    """Whether a text of the metadata leaves the choice to the planner."""
    return text.strip().lower() in _OPEN


def key_scale(text: str) -> str | None:
    """A key as the planner writes it, such as "F# minor"; None where it is none of its 70."""
    match = _KEY.fullmatch(text)
    return f"{match[1].upper()}{match[2] or ''} {match[3].lower()}" if match else None


def time_signature(text: str) -> str | None:
    """Beats per bar as the planner writes them, such as "3" for "3/4"; None where it knows no such meter.

    Over eighths only 6 has one: "6/8" is "6".
    """
    match = _METER.fullmatch(text)
    if match is None or (match[3] == "8" and match[1] != "6"):
        return None
    return match[1]


def language(text: str) -> str | None:
    """A language as the planner writes it; None where it knows no such code."""
    code = text.strip().lower()
    return code if code in LANGUAGES else None


def check_language(text: str, check: Violations, path: str) -> None:
    """Notes a language that is neither open nor known."""
    known = is_open(text) or language(text) is not None
    check.that(known, path, f"is {text[:20]!r}, must be one of {' '.join(sorted(LANGUAGES))}")


def check_sampling(sampling: planner_pb2.TokenSampling, check: Violations, path: str) -> None:
    """Notes what is wrong with the way that tokens are to be drawn."""
    if sampling.HasField("temperature"):
        check.within(sampling.temperature, 0, 2, f"{path}.temperature")
    if sampling.HasField("top_p"):
        fits = 0 < sampling.top_p <= 1
        check.that(fits, f"{path}.top_p", f"is {sampling.top_p:g}, must be above 0 and at most 1")
    if sampling.HasField("repetition_penalty"):
        check.within(sampling.repetition_penalty, 0.5, 2, f"{path}.repetition_penalty")
    known = sampling.profile in planner_pb2.SamplingProfile.values()
    check.that(known, f"{path}.profile", f"{sampling.profile} is not a known sampling profile")


def check_guidance(scale: float, check: Violations, path: str) -> None:
    """Notes a scale that cannot guide audio codes."""
    check.within(scale, 1, 10, path)


def check_prompt_form(form: int, check: Violations, path: str) -> None:
    """Notes an unknown form."""
    check.that(form in planner_pb2.PromptForm.values(), path, f"{form} is not a known prompt form")
