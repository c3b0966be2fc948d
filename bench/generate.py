"""transformers' `generate` with a static cache, writing audio codes: what the planner's engine is measured against.

Guided items are two rows of one batch, conditional ones first, as the reference application pairs them
(spec/planner.md §7.1); the token drawn for a pair goes into both of its rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, Qwen3ForCausalLM
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

from bench.clock import synchronise
from services.planner.tasks import CodesTask


class Generate:
    """A planner in transformers. `codes` are the ids of the audio codes."""

    def __init__(
        self, folder: Path, codes: range, device: torch.device, *, dtype: torch.dtype = torch.bfloat16
    ) -> None:
        self._device = device
        model: Any = Qwen3ForCausalLM.from_pretrained(folder, dtype=dtype)
        self._model = model.to(device)
        self._codes = codes
        self._pad = int(model.generation_config.eos_token_id)

    def rate(self, tasks: Sequence[CodesTask]) -> float:
        """Codes per second of all items together, from the first code on, so without the prefill."""
        clock = _Clock(self._device)
        codes = self.codes(tasks, clock)
        return len(tasks) * (len(codes[0]) - 1) / clock.seconds

    def codes(self, tasks: Sequence[CodesTask], *watchers: LogitsProcessor) -> list[list[int]]:
        """Audio codes of each item; equally many for all of them, and all guided or none."""
        count, sampling = tasks[0].count, tasks[0].sampling
        pairs = [task.unconditional for task in tasks if task.unconditional is not None]
        ids, mask = self._padded([*(task.prompt for task in tasks), *pairs])
        processors: list[LogitsProcessor] = [_OnlyCodes(self._codes)]
        if sampling.temperature > 0:
            processors += [TemperatureLogitsWarper(sampling.temperature), TopPLogitsWarper(sampling.top_p)]
        if pairs:
            processors = [_Paired(LogitsProcessorList(processors), tasks[0].guidance_scale, sampling.temperature > 0)]
        with torch.inference_mode():
            written = self._model.generate(
                ids,
                attention_mask=mask,
                max_new_tokens=count,
                min_new_tokens=count,
                do_sample=sampling.temperature > 0 and not pairs,
                top_k=0,
                cache_implementation="static",
                disable_compile=True,
                pad_token_id=self._pad,
                logits_processor=LogitsProcessorList([*processors, *watchers]),
            )
        return [[token - self._codes.start for token in row] for row in written[: len(tasks), ids.shape[1] :].tolist()]

    def _padded(self, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids [rows, tokens] with padding on the left, and their mask."""
        longest = max(map(len, prompts))
        ids = [[self._pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        return torch.tensor(ids, device=self._device), torch.tensor(mask, device=self._device)


class _OnlyCodes(LogitsProcessor):
    def __init__(self, codes: range) -> None:
        self._codes = slice(codes.start, codes.stop)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        allowed = torch.full_like(scores, -torch.inf)
        allowed[:, self._codes] = scores[:, self._codes]
        return allowed  # type: ignore[return-value]


class _Paired(LogitsProcessor):
    """Guides the first half of the rows by the second, draws, and leaves both halves only the drawn token."""

    def __init__(self, processors: LogitsProcessorList, scale: float, samples: bool) -> None:
        self._processors = processors
        self._scale = scale
        self._samples = samples

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        conditional, unconditional = scores.chunk(2)
        guided: Any = unconditional + self._scale * (conditional - unconditional)
        guided = self._processors(input_ids, guided)
        drawn = torch.multinomial(guided.softmax(dim=-1), 1) if self._samples else guided.argmax(dim=-1, keepdim=True)
        only = torch.full_like(scores, -torch.inf)
        return only.scatter(1, drawn.repeat(2, 1), 0.0)  # type: ignore[return-value]


class _Clock(LogitsProcessor):
    """The time from the first code to the last."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._times: list[float] = []

    @property
    def seconds(self) -> float:
        """Between the first call and the last."""
        return self._times[-1] - self._times[0]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        synchronise(self._device)
        self._times.append(time.perf_counter())
        return scores
