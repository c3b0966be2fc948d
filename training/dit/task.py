"""The DiT package as a task of the training loop: flow matching, and what audio codes keep of latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional

from training.dit.examples import Example
from training.dit.network import Item, SongModel
from training.dit.questions import answers_of, surprise
from training.dit.tasks import FRAMES_PER_CODE, FRAMES_PER_SECOND, Task
from training.model_task import Batches, ModelTask
from training.vae.energies import ENERGIES


class SongTask(ModelTask[SongModel, Example]):
    """Trains a SongModel. Errors are those of the velocities, of their last channels once more, weighed by `loudness`,
    of the hints that codes give, and, weighed by `answers`, of what the transformer knows of the words halfway."""

    def __init__(
        self,
        model: SongModel,
        examples: Batches[Example],
        held_out: Batches[Example],
        *,
        frames_per_batch: int,
        loudness: float,
        answers: float,
        bfloat16: bool,
    ) -> None:
        super().__init__(model, examples, held_out, bfloat16=bfloat16)
        self._frames = frames_per_batch
        self._loudness = loudness
        self._answers = answers

    @property
    def units_per_batch(self) -> float:
        """Seconds of music."""
        return self._frames / FRAMES_PER_SECOND

    def _errors(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What to learn from, and its parts."""
        hints, kept = self._hints(examples)
        references = {id(example.reference): example.reference.to(self._device) for example in examples}
        items = [
            self._item(example, hints.get(number), references[id(example.reference)])
            for number, example in enumerate(examples)
        ]
        conditions = self._model.conditions(items)
        predicted, known = self._model(items, conditions)
        velocities = [(example.noise - example.framed.target).to(self._device) for example in examples]
        squares = [(one - other).square().mean(dim=0) for one, other in zip(predicted, velocities, strict=True)]
        by_channel = torch.stack(squares).mean(dim=0)
        flow, loudness = by_channel.mean(), by_channel[-ENERGIES:].mean()
        parts = {"flow": flow, "loudness": loudness, "codes": kept}
        told = [number for number, example in enumerate(examples) if example.conditioned]
        if told:
            answers = [answers_of(examples[number].asked) for number in told]
            parts["answers"] = surprise(known[told], answers)[0].sum()
        return flow + self._loudness * loudness + kept + self._answers * parts.get("answers", 0.0), parts

    def _item(self, example: Example, hints: torch.Tensor | None, reference: torch.Tensor) -> Item:
        framed = example.framed
        source = framed.source if hints is None else hints
        mask = framed.mask[:, None].expand_as(framed.target)
        noisy = example.t * example.noise + (1 - example.t) * framed.target
        return Item(
            noisy=noisy.to(self._device),
            context=torch.cat((source.to(self._device), mask.to(self._device)), dim=1),
            t=example.t,
            caption=example.caption,
            lyrics=example.lyrics,
            reference=reference,
            conditioned=example.conditioned,
        )

    def _hints(self, examples: Sequence[Example]) -> tuple[dict[int, torch.Tensor], torch.Tensor]:
        """What codes keep of the sources of covers, by the number of the example, and the error of it.

        A batch without covers teaches the codes by the target of its first example.
        """
        covers = {number: each.framed.source for number, each in enumerate(examples) if each.framed.task is Task.COVER}
        target = examples[0].framed.target
        sources = covers or {0: target[: len(target) // FRAMES_PER_CODE * FRAMES_PER_CODE]}
        latents = torch.cat(list(sources.values())).view(-1, FRAMES_PER_CODE, target.shape[1]).to(self._device)
        kept = self._model.hints(latents)
        parts = torch.split(kept.flatten(0, 1), [len(source) for source in sources.values()])
        hints = {number: part[: len(target)] for number, part in zip(sources, parts, strict=True) if covers}
        return hints, functional.mse_loss(kept, latents)
