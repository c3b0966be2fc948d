"""Where in a bar and in a beat a place of a clip is: what a transformer has to know to put notes and drums there."""

from __future__ import annotations

import math

import torch

from training.clock import FRAMES_PER_SECOND
from training.synth.facts import Facts

# Bar, beat and half a beat, each as a cosine and a sine.
PLACES = 6


def places_of(facts: Facts, tokens: int, patch: int, first_frame: int = 0) -> torch.Tensor:
    """Cosines, then sines of the phases of bar, beat and half beat [tokens, 6] amid tokens of so many frames.

    The first token begins at a frame of a clip, which begins with a bar.
    """
    seconds = (first_frame + patch * torch.arange(tokens) + (patch - 1) / 2) / FRAMES_PER_SECOND
    beats = facts.beats_per_minute / 60 * seconds
    phases = 2 * math.pi * torch.stack((beats / facts.style.beats_per_bar, beats, 2 * beats), dim=1)
    return torch.cat((phases.cos(), phases.sin()), dim=1)
