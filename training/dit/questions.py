"""What a prompt says of a clip and of a task, as questions with a few answers each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from training.dit.tasks import Task
from training.synth.facts import Facts, Voice
from training.synth.instruments import INSTRUMENTS
from training.synth.styles import STYLES
from training.synth.tempos import BARS_PER_MINUTE
from training.synth.theory import Mode

# Answers about length lie evenly in ratio between the ends; a value gives a hill over those around it.
_SECONDS, _LENGTH_ANSWERS = (6.0, 60.0), 16
_CHARACTER_ANSWERS = 5
_METERS = ("2", "3", "4", "6")
_STYLES = tuple(style.name for style in STYLES)
_VOICES = ("", *Voice)
_TASKS = tuple(Task)
_TRACKS = ("", *sorted({"drums", "vocals", *(instrument.stem for instrument in INSTRUMENTS.values())}))
_PLAYED = tuple(INSTRUMENTS)


@dataclass(frozen=True)
class Asked:
    """What a prompt is about; `track` is empty for tasks that name none."""

    facts: Facts
    task: Task
    track: str


def answers_of(asked: Asked) -> tuple[torch.Tensor, ...]:
    """Probabilities [answers] of the answers to each question, all of which but the last's add up to one.

    The last question asks of every instrument whether it plays.
    """
    facts = asked.facts
    key = 2 * facts.key.tonic + list(Mode).index(facts.key.mode)
    character = (facts.character.brightness, facts.character.density, facts.character.space)
    played = {name for _, name in facts.instruments}
    return (
        _one(_STYLES.index(facts.style.name), len(_STYLES)),
        _one(key, 24),
        _one(facts.clock, len(BARS_PER_MINUTE)),
        _one(_METERS.index(facts.style.meter), len(_METERS)),
        _hill(facts.seconds, _SECONDS, _LENGTH_ANSWERS),
        _one(_VOICES.index(facts.voice or ""), len(_VOICES)),
        _one(_TASKS.index(asked.task), len(_TASKS)),
        _one(_TRACKS.index(asked.track), len(_TRACKS)),
        *(
            _one(min(int(_CHARACTER_ANSWERS * value), _CHARACTER_ANSWERS - 1), _CHARACTER_ANSWERS)
            for value in character
        ),
        torch.tensor([float(name in played) for name in _PLAYED]),
    )


def surprise(logits: torch.Tensor, answers: Sequence[tuple[torch.Tensor, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Of logits [prompts, all answers]: the surprise at each answer in nats [questions], and the share of prompts whose
    likeliest answer is right [questions], without the last question; both are means over prompts."""
    sizes = [len(answer) for answer in answers[0]]
    parts = torch.split(logits, sizes, dim=1)
    wanted = [torch.stack(each).to(logits.device) for each in zip(*answers, strict=True)]
    found = [functional.cross_entropy(part, each) for part, each in zip(parts[:-1], wanted[:-1], strict=True)]
    found.append(functional.binary_cross_entropy_with_logits(parts[-1], wanted[-1]))
    right = [
        (part.argmax(1) == each.argmax(1)).float().mean() for part, each in zip(parts[:-1], wanted[:-1], strict=True)
    ]
    return torch.stack(found), torch.stack(right)


def _one(number: int, count: int) -> torch.Tensor:
    return functional.one_hot(torch.tensor(number), count).float()


def _hill(value: float, ends: tuple[float, float], count: int) -> torch.Tensor:
    low, high = ends
    place = (count - 1) * math.log(value / low) / math.log(high / low)
    return torch.softmax(-0.5 * (torch.arange(count) - place) ** 2, dim=0)


QUESTIONS = (
    *("style", "key", "tempo", "meter", "length", "voice", "task", "track"),
    *("brightness", "density", "space"),
    "instruments",
)
ANSWERS = (
    len(_STYLES)
    + 24
    + len(BARS_PER_MINUTE)
    + len(_METERS)
    + _LENGTH_ANSWERS
    + len(_VOICES)
    + len(_TASKS)
    + len(_TRACKS)
    + 3 * _CHARACTER_ANSWERS
    + len(_PLAYED)
)
