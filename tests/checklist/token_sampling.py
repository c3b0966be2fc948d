"""How the planner draws tokens: what is the same for songs and for the calls that write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quartet import SamplingProfile
from tests.checklist.rows import Range, between, one_of

# Columns of a row by the field of `TokenSampling`.
DRAWN: Mapping[str, Mapping[str, Any]] = {
    "temperature": {
        "flags": ("--lm-temperature", "0.1"),
        "official": "0.85",
        "served": "0.85",
        "open_is": 0.85,
        "range": between(0, 2),
        "example": 0.1,
    },
    "top_p": {
        "flags": ("--lm-top-p", "0.1"),
        "served": "0.9",
        "range": Range("above 0, up to 1", (0.001, 1.0), (0.0, 1.001)),
        "example": 0.1,
    },
    "top_k": {
        "flags": ("--lm-top-k", "1"),
        "default": 0,
        "range": Range("0 and up; 0 is off", (0, 2**32 - 1), (-1,)),
        "example": 1,
    },
    "repetition_penalty": {
        "flags": ("--lm-repetition-penalty", "2"),
        "official": "1.0",
        "served": "1",
        "range": between(0.5, 2),
        "example": 2.0,
    },
    "profile": {
        "flags": ("--lm-profile", "compat"),
        "served": "standard",
        "range": one_of(SamplingProfile, "vllm"),
        "example": "compat",
    },
}
