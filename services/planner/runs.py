"""Tasks on their way through the engine: each feeds tokens to its rows and takes what the network says of them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

import torch

from services.planner import sampling
from services.planner.model import LanguageModel
from services.planner.rows import Row, RowPool
from services.planner.sampling import Draws, TokenSampling
from services.planner.tasks import CodesTask, ScoreTask, TextTask, TokenScores
from services.planner.tokenization import PlannerTokenizer
from services.planner.writing import Writer
from services.runtime.noise import Purpose, uniform

_SCORED_AT_ONCE = 64
_CODES_BETWEEN_EVENTS = 5
_FIRST_DRAWS = 1024


class _Run:
    """What all runs have in common: an `error` ends a run alone, its batch mates go on."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    @contextmanager
    def failing_alone(self) -> Iterator[None]:
        """Notes what raises inside as the error of this run."""
        try:
            yield
        except Exception as error:
            self.error = error


class TextRun(_Run):
    """Text under a grammar, on one row."""

    def __init__(self, task: TextTask, rows: Sequence[Row], tokenizer: PlannerTokenizer, masks: Executor) -> None:
        super().__init__()
        self.task = task
        self.rows = (rows[0],)
        self.writer = Writer(tokenizer, task.grammar, task.max_lyric_tokens, masks)
        self.drawn: list[int] = []
        self._uniform = uniform(task.sampling.seed, Purpose.TEXT, _FIRST_DRAWS, task.attempt)
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._told = 0

    @property
    def result(self) -> object | None:
        """What was written, once it is finished."""
        return self.writer.written() if self.writer.finish else None

    def fit(self, pool: RowPool) -> None:
        """Puts the prompt on the row. Tokens that the grammar forces at the start are a part of it."""
        self.writer.start_mask()
        prompt = (*self.task.prompt, *self.writer.forced)
        pool.fit(self.rows[0], prompt, len(prompt) - 1)

    def sampling(self) -> TokenSampling:
        """How the next token is drawn."""
        wish = self.task.sampling
        return TokenSampling(0.0, seed=wish.seed) if self.writer.greedy else wish

    def uniform(self) -> float:
        """The number that decides the next draw."""
        if len(self.drawn) >= len(self._uniform):
            count = 2 * len(self._uniform)
            self._uniform = uniform(self.task.sampling.seed, Purpose.TEXT, count, self.task.attempt)
        return float(self._uniform[len(self.drawn)])

    def accept(self, token: int) -> None:
        """Takes a drawn token."""
        self.drawn.append(token)
        self.rows[0].pending = self.writer.accept(token)
        if self.task.on_text:
            thought = self.writer.thought_so_far()
            if text := self._decoder.decode(thought[self._told :]):
                self.task.on_text(text)
            self._told = len(thought)
        if self.writer.finish is None:
            self.writer.start_mask()


def advance_texts(runs: Sequence[TextRun], hidden: torch.Tensor, model: LanguageModel, text_tokens: int) -> None:
    """Draws the next token of each run from hidden states [runs, width]; a run that fails gets an error instead."""
    logits = model.logits(hidden, 0, text_tokens)
    finite = sampling.finite(logits).tolist()
    masks: dict[int, torch.Tensor] = {}
    for number, run in enumerate(runs):
        with run.failing_alone():
            if not finite[number]:
                raise sampling.non_finite()
            if run.task.sampling.repetition_penalty != 1 and run.drawn:
                written = torch.tensor(sorted(set(run.drawn)), device=logits.device)
                logits[number] = sampling.penalise(logits[number], written, run.task.sampling.repetition_penalty)
            masks[number] = torch.from_numpy(run.writer.mask())
    if not masks:
        return
    allowed = torch.stack(list(masks.values())).to(logits.device)
    logits = _rows(logits, list(masks)).masked_fill(~allowed, -torch.inf)
    drawing = [runs[number] for number in masks]
    draws = Draws.of([run.sampling() for run in drawing], [run.uniform() for run in drawing], logits.device)
    for run, token in zip(drawing, sampling.draw(logits, draws).tolist(), strict=True):
        with run.failing_alone():
            run.accept(token)


class CodesRun(_Run):
    """Audio codes: one row, or two that take the same codes where guidance compares them."""

    def __init__(self, task: CodesTask, rows: Sequence[Row]) -> None:
        super().__init__()
        self.task = task
        self.guided = task.unconditional is not None
        self.rows = tuple(rows[:2] if self.guided else rows[:1])
        self.codes: list[int] = []
        self._uniform = uniform(task.sampling.seed, Purpose.AUDIO_CODES, task.count)

    @property
    def result(self) -> object | None:
        """The codes, once there are enough."""
        return self.codes if len(self.codes) == self.task.count else None

    @property
    def missing(self) -> int:
        """Codes that are still to come."""
        return self.task.count - len(self.codes)

    def fit(self, pool: RowPool) -> None:
        """Puts the prompts on the rows."""
        for row, prompt in zip(self.rows, (self.task.prompt, self.task.unconditional), strict=False):
            if prompt is not None:
                pool.fit(row, prompt, len(prompt) - 1)

    def uniforms(self, draws: int) -> torch.Tensor:
        """The numbers [draws] that decide the next ones."""
        return self._uniform[len(self.codes) : len(self.codes) + draws]

    def accept(self, code: int, first_code: int) -> None:
        """Takes a drawn code."""
        self.codes.append(code)
        if len(self.codes) < self.task.count:
            for row in self.rows:
                row.pending = [first_code + code]
        done = len(self.codes)
        if self.task.on_codes and (done % _CODES_BETWEEN_EVENTS == 0 or done == self.task.count):
            self.task.on_codes(done)


def advance_codes(runs: Sequence[CodesRun], hidden: torch.Tensor, model: LanguageModel, codes: range) -> None:
    """Draws the next code of each run from hidden states [rows, width] of all conditional, then all guiding rows.

    A run that fails gets an error instead.
    The head is asked for the ids of `codes` alone: the count ends a run, so the model's end token has no say.
    """
    logits = model.logits(hidden, codes.start, codes.stop)
    finite = sampling.finite(logits).tolist()
    guided = [number for number, run in enumerate(runs) if run.guided]
    for row, number in enumerate((*range(len(runs)), *guided)):
        if not finite[row]:
            runs[number].error = sampling.non_finite()
    logits, unconditional = logits[: len(runs)], logits[len(runs) :]
    if guided:
        scale = torch.tensor([runs[number].task.guidance_scale for number in guided], device=logits.device)
        logits[guided] = sampling.guide(logits[guided], unconditional, scale)
    numbers = [number for number, run in enumerate(runs) if run.error is None]
    if not numbers:
        return
    drawing = [runs[number] for number in numbers]
    draws = Draws.of([run.task.sampling for run in drawing], [float(run.uniforms(1)) for run in drawing], logits.device)
    for run, code in zip(drawing, sampling.draw(_rows(logits, numbers), draws).tolist(), strict=True):
        run.accept(code, codes.start)


def _rows(tensor: torch.Tensor, numbers: Sequence[int]) -> torch.Tensor:
    """Some rows, in their order; without a copy where they are all."""
    return tensor if len(numbers) == len(tensor) else tensor[numbers]


class ScoreRun(_Run):
    """Teacher forcing: the tokens are fed, and rated as they pass."""

    def __init__(self, task: ScoreTask, rows: Sequence[Row]) -> None:
        super().__init__()
        self.task = task
        self.rows = (rows[task.row],)
        self._log_probabilities: list[float] = []
        self._ranks: list[int] = []

    @property
    def result(self) -> object | None:
        """The scores, once all tokens have passed."""
        if len(self._ranks) < len(self.task.target):
            return None
        return TokenScores(tuple(self._log_probabilities), tuple(self._ranks))

    def fit(self, pool: RowPool) -> None:
        """The last token of the prompt is fed with the target, because it predicts the target's first token."""
        pool.fit(self.rows[0], (*self.task.prompt, *self.task.target[:-1]), len(self.task.prompt) - 1)

    def absorb(self, start: int, hidden: torch.Tensor, model: LanguageModel) -> None:
        """Rates what hidden states [tokens, width] of the positions from `start` on predict, or notes an error."""
        skipped = max(0, len(self.task.prompt) - 1 - start)
        first = start + skipped + 1 - len(self.task.prompt)
        targets = self.task.target[first : first + max(0, len(hidden) - skipped)]
        for at in range(0, len(targets), _SCORED_AT_ONCE):
            ids = torch.tensor(targets[at : at + _SCORED_AT_ONCE], device=hidden.device)
            states = hidden[skipped + at : skipped + at + len(ids)]
            logits = model.logits(states, 0, model.config.vocabulary)
            if not sampling.finite(logits).all():
                self.error = sampling.non_finite()
                return
            wanted = logits.gather(1, ids[:, None])
            self._log_probabilities += (wanted[:, 0] - logits.logsumexp(dim=-1)).tolist()
            self._ranks += ((logits > wanted).sum(dim=-1) + 1).tolist()


Run = TextRun | CodesRun | ScoreRun
