"""Prompts as users write them: captions in ever other words, and values left out now and then."""

from __future__ import annotations

import numpy as np

from services.encoder.prompt import Prompt
from training.synth.captions import write_caption
from training.synth.clip import draw_facts
from training.synth.facts import Facts

# Lengths of clips that are never made.
_SECONDS = (7, 46)


def drawn_facts(random: np.random.Generator) -> Facts:
    """What a clip that is never made is about."""
    return draw_facts(random, float(random.integers(*_SECONDS)))


def drawn_prompt(
    random: np.random.Generator, facts: Facts, lyrics: str, instruction: str, value_dropout: float
) -> Prompt:
    """What the served prompt of such a request is; each value is left out with a probability."""
    kept = random.random(4) >= value_dropout
    return Prompt(
        caption=write_caption(random, facts),
        lyrics=lyrics,
        instruction=instruction,
        bpm=facts.bpm if kept[0] else None,
        key_scale=str(facts.key) if kept[1] else "",
        time_signature=facts.style.meter if kept[2] else "",
        vocal_language=facts.language if kept[3] else "",
        duration_seconds=facts.seconds,
    )
