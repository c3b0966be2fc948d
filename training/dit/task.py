"""The DiT package as a task of the training loop: flow matching, and what audio codes keep of latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch.nn import functional

from serving.settings import setting
from training.clock import FRAMES_PER_SECOND
from training.dit.examples import Example
from training.dit.network import Item, Predicted, SongModel
from training.dit.places import places_of
from training.dit.questions import answers_of, surprise
from training.dit.tasks import FRAMES_PER_CODE, Framed, Task
from training.model_task import Batches, ModelTask
from training.vae.energies import ENERGIES


@dataclass(frozen=True)
class LossWeights:
    """Weights beside the error of the velocities: that of their last channels once more, and of what the transformer
    knows of the words early, and of places in bar and beat late."""

    loudness: float = setting(
        0.5, "weight of the velocities of nano's loudnesses, beside that in the mean over all latents", at_least=0
    )
    answers: float = setting(
        0.05, "weight of what the transformer knows of the words after a quarter of its layers", at_least=0
    )
    places: float = setting(0.3, "weight of what it knows of bar and beat after three quarters", at_least=0)


class SongTask(ModelTask[SongModel, Example]):
    """Trains a SongModel. Errors are those of velocities, of the hints that codes give, and what `LossWeights` says."""

    def __init__(
        self,
        model: SongModel,
        examples: Batches[Example],
        held_out: Batches[Example],
        *,
        frames_per_batch: int,
        weights: LossWeights,
        fixed_codes: bool = False,
        bfloat16: bool,
    ) -> None:
        super().__init__(model, examples, held_out, bfloat16=bfloat16)
        self._frames = frames_per_batch
        self._fixed_codes = fixed_codes
        for networks in (model.package.tokenizer, model.package.detokenizer):
            networks.requires_grad_(not fixed_codes)
        self._share = {"flow": 1.0, "codes": 1.0, **asdict(weights)}

    @property
    def units_per_batch(self) -> float:
        """Seconds of music."""
        return self._frames / FRAMES_PER_SECOND

    def _errors(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What to learn from, and its parts."""
        is_music = examples[0].is_music
        hints, kept = self._hints(examples) if is_music else ({}, None)
        references = {id(example.reference): example.reference.to(self._device) for example in examples}
        items = [
            self._item(example, hints.get(number), references[id(example.reference)])
            for number, example in enumerate(examples)
        ]
        predicted = self._model(items, self._model.conditions(items))
        parts = self._known(examples, predicted)
        if is_music:
            parts |= self._velocity_errors(examples, predicted)
        if kept is not None:
            parts["codes"] = kept
        return torch.stack([self._share[name] * error for name, error in parts.items()]).sum(), parts

    def _velocity_errors(self, examples: Sequence[Example], predicted: Predicted) -> dict[str, torch.Tensor]:
        wanted = torch.stack([example.noise - example.framed.target for example in examples])
        by_channel = (predicted.velocities - wanted.to(self._device)).square().mean(dim=(0, 1))
        return {"flow": by_channel.mean(), "loudness": by_channel[-ENERGIES:].mean()}

    def _known(self, examples: Sequence[Example], predicted: Predicted) -> dict[str, torch.Tensor]:
        """Errors of what the transformer knows on the way, of examples that have words."""
        told = [number for number, example in enumerate(examples) if example.conditioned]
        if not told:
            return {}
        asked = [examples[number] for number in told]
        found = predicted.places[told]
        patch = self._model.decoder.config.patch_size
        wanted = [places_of(each.asked.facts, found.shape[1], patch, each.first_frame) for each in asked]
        answers = [answers_of(each.asked) for each in asked]
        return {
            "answers": surprise(predicted.answers[told], answers)[0].sum(),
            "places": functional.mse_loss(found, torch.stack(wanted).to(self._device)),
        }

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

    def _hints(self, examples: Sequence[Example]) -> tuple[dict[int, torch.Tensor], torch.Tensor | None]:
        """What codes keep of the sources of covers, by the number of the example, and the error of it where they learn.

        A batch without covers teaches the codes by the target of its first example.
        """
        framed = {number: example.framed for number, example in enumerate(examples)}
        planned = self._planned({number: each for number, each in framed.items() if each.codes})
        covers = {n: each.source for n, each in framed.items() if each.task is Task.COVER and n not in planned}
        target = examples[0].framed.target
        if self._fixed_codes and not covers:
            return planned, None
        sources = covers or {0: target[: len(target) // FRAMES_PER_CODE * FRAMES_PER_CODE]}
        latents = torch.cat(list(sources.values())).view(-1, FRAMES_PER_CODE, target.shape[1]).to(self._device)
        kept = self._model.hints(latents)
        parts = torch.split(kept.flatten(0, 1), [len(source) for source in sources.values()])
        hints = {number: part[: len(target)] for number, part in zip(sources, parts, strict=True) if covers}
        return hints | planned, None if self._fixed_codes else functional.mse_loss(kept, latents)

    def _planned(self, framed: Mapping[int, Framed]) -> dict[int, torch.Tensor]:
        """The hints of the codes that covers have, by the number of the example."""
        if not framed:
            return {}
        hints = self._model.hints_of([code for each in framed.values() for code in each.codes])
        parts = torch.split(hints, [FRAMES_PER_CODE * len(each.codes) for each in framed.values()])
        return {number: part[: len(each.target)] for (number, each), part in zip(framed.items(), parts, strict=True)}
