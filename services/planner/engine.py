"""Slot-based continuous batching: scripts join and leave between tokens, all of them share each forward pass."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from quartet.errors import InvalidRequestError
from services.planner import sampling
from services.planner.attention import Packing
from services.planner.cache import KeyValueCache, Segment
from services.planner.decoding import CodeSteps
from services.planner.model import LanguageModel
from services.planner.rows import Row, RowPool
from services.planner.runs import CodesRun, Run, ScoreRun, TextRun, advance_codes, advance_texts
from services.planner.tasks import CodesTask, Script, Task, TextTask
from services.planner.tokenization import PlannerTokenizer
from services.runtime.batching import Member
from services.runtime.items import Ticket


class Speaker(Member):
    """A script in the batch, with its rows and the task that it is at."""

    def __init__(self, script: Script, ticket: Ticket, rows: Sequence[Row]) -> None:
        super().__init__(ticket)
        self.rows = rows
        self.run: Run | None = None
        self.fitted = self.prefilled = False
        self._script: Generator[Task, Any, Any] = script.start(ticket.emit)

    def next_task(self, result: Any) -> Task | None:
        """Hands the script the result of its last task; None where it has ended."""
        self.run = None
        self.fitted = self.prefilled = False
        try:
            return self._script.send(result)
        except StopIteration as end:
            self.finish(end.value)
        except Exception as error:
            self.fail(error)
        return None

    def close(self) -> None:
        """Ends the script where it stands."""
        self._script.close()


def check_context(tokens: int, context: int) -> None:
    """Raises InvalidRequestError where prompt and answer may not fit."""
    if tokens > context:
        raise InvalidRequestError(
            f"prompt and answer may take {tokens} tokens, more than the {context} of this replica's context; "
            "shorten the lyrics or the song",
            reason="CONTEXT_TOO_LONG",
        )


class PlannerEngine:
    """Steps all members together. Prompts go in piece by piece, one member's at a time, beside the tokens of others.

    In `deterministic` mode items run alone and take over nothing from each other, so that not even low bits depend on
    what else the engine does.

    With more than one of `codes_at_once`, items that write codes get as many between two looks at the host, in steps of
    fixed shape.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: PlannerTokenizer,
        cache: KeyValueCache,
        *,
        prefill_tokens: int,
        deterministic: bool,
        codes_at_once: int = 1,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._cache = cache
        self._prefill_tokens = prefill_tokens
        self._deterministic = deterministic
        self._pool = RowPool(cache, share_prefixes=not deterministic, compact=codes_at_once > 1)
        self._code_steps = CodeSteps(model, cache, tokenizer.audio_codes, codes_at_once) if codes_at_once > 1 else None
        self._masks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="grammar-masks")
        self._members: list[Speaker] = []

    def join(self, work: Script, ticket: Ticket) -> Speaker | None:
        """Takes a script in where there are rows for it."""
        check_context(work.tokens, self._cache.context)
        if work.rows > self._pool.size:
            raise InvalidRequestError(
                f"this call takes {work.rows} rows of the batch, this replica has {self._pool.size}; "
                f"{work.with_fewer_rows}",
                reason="TOO_FEW_ROWS",
            )
        if work.rows > self._pool.free or (self._deterministic and self._members):
            return None
        speaker = Speaker(work, ticket, self._pool.acquire(work.rows))
        self._members.append(speaker)
        self._proceed(speaker, None)
        return speaker

    def leave(self, member: Member) -> None:
        """Frees the rows of a member."""
        speaker = next(speaker for speaker in self._members if speaker is member)
        speaker.close()
        self._members.remove(speaker)
        self._pool.release(speaker.rows)

    def close(self) -> None:
        """Ends the mask thread."""
        self._masks.shutdown()

    def ready(self) -> bool:
        """Whether anybody is in the batch."""
        return bool(self._members)

    @torch.inference_mode()
    def step(self) -> None:
        """One forward pass: a token of every member that writes, and a piece of the first prompt that is not in yet."""
        for speaker in self._members:
            speaker.shared_with(len(self._members))
        try:
            together = self._together()
            self._step(together)
            if together and self._code_steps:
                self._advance_together(together, self._code_steps)
        except Exception:
            self._pool.forget_all()
            raise

    def _together(self) -> list[Speaker]:
        """Members whose codes come from steps of fixed shape."""
        if self._code_steps is None:
            return []
        return [speaker for speaker in self._members if speaker.prefilled and isinstance(speaker.run, CodesRun)]

    def _advance_together(self, speakers: Sequence[Speaker], code_steps: CodeSteps) -> None:
        """One code at a time while others wait for their tokens."""
        most = code_steps.steps if len(speakers) == len(self._members) else 1
        runs = [speaker.run for speaker in speakers if isinstance(speaker.run, CodesRun)]
        steps = code_steps.advance(runs, most)
        for speaker in speakers:
            for _ in range(steps):
                speaker.ticket.step_done()
            self._proceed_if_done(speaker)

    def _step(self, apart: Sequence[Speaker]) -> None:
        """A forward pass of all members but some."""
        feeding = self._feeding([speaker for speaker in self._members if speaker not in apart])
        segments = [Segment(row.index, len(row.held), count) for _, row, count in feeding]
        tokens = [token for _, row, count in feeding for token in row.take(count)]
        if not tokens:
            return
        device = self._cache.keys[0].device
        packing = Packing.of(segments, device)
        hidden = self._model(torch.tensor(tokens, device=device), packing, self._cache)
        finite = sampling.finite(hidden).tolist()
        at = 0
        for (speaker, _, count), segment in zip(feeding, segments, strict=True):
            if speaker.run and not all(finite[at : at + count]):
                speaker.run.error = sampling.non_finite()
            elif isinstance(speaker.run, ScoreRun):
                with speaker.run.failing_alone():
                    speaker.run.absorb(segment.start, hidden[at : at + count], self._model)
            at += count
        last = {row.index: end for (_, row, _), end in zip(feeding, packing.last_tokens(), strict=True)}
        fed = {speaker for speaker, _, _ in feeding}
        self._advance([speaker for speaker in self._members if speaker in fed], last, hidden)

    def _feeding(self, members: Sequence[Speaker]) -> list[tuple[Speaker, Row, int]]:
        """Which rows are fed, and how many tokens of each."""
        feeding = []
        waiting = None
        for speaker in members:
            if speaker.run and speaker.prefilled:
                feeding += [(speaker, row, len(row.pending)) for row in speaker.run.rows]
            elif speaker.run and waiting is None:
                waiting = self._prefill(speaker, speaker.run)
        return [*feeding, *(waiting or ())]

    def _prefill(self, speaker: Speaker, run: Run) -> list[tuple[Speaker, Row, int]]:
        """A piece of a prompt. What follows the prompts goes in at last, so that all rows give logits together.

        What a score rates follows its prompt and may be long: all but the last of it goes in by pieces too.
        """
        if not speaker.fitted:
            run.fit(self._pool)
            speaker.fitted = True
        budget = self._prefill_tokens
        pieces = []
        for row in run.rows:
            if count := row.piece(budget):
                budget -= count
                pieces.append((speaker, row, count))
        if pieces:
            return pieces
        speaker.prefilled = True
        if self._code_steps and isinstance(run, CodesRun):
            return []
        return [(speaker, row, len(row.pending)) for row in run.rows]

    def _advance(self, fed: Sequence[Speaker], last: dict[int, int], hidden: torch.Tensor) -> None:
        ready = [speaker.run for speaker in fed if speaker.prefilled and speaker.run and not speaker.run.error]
        texts = [run for run in ready if isinstance(run, TextRun)]
        codes = [run for run in ready if isinstance(run, CodesRun)]
        if texts:
            rows = [last[run.rows[0].index] for run in texts]
            advance_texts(texts, hidden[rows], self._model, self._tokenizer.first_code)
        if codes:
            rows = [last[run.rows[0].index] for run in codes]
            rows += [last[run.rows[1].index] for run in codes if run.guided]
            advance_codes(codes, hidden[rows], self._model, self._tokenizer.audio_codes)
        for speaker in fed:
            speaker.ticket.step_done()
            self._proceed_if_done(speaker)

    def _proceed_if_done(self, speaker: Speaker) -> None:
        if speaker.run and speaker.run.error:
            self._fail(speaker, speaker.run.error)
        elif speaker.run and (result := speaker.run.result) is not None:
            self._proceed(speaker, result)

    def _fail(self, speaker: Speaker, error: Exception) -> None:
        """Ends one item. Nobody has taken anything bad over from its rows: hidden states are looked at as they come."""
        speaker.run = None
        speaker.fail(error)
        self._pool.forget(speaker.rows)

    def _proceed(self, speaker: Speaker, result: Any) -> None:
        """Moves a script on until it has a task that needs the network."""
        while (task := speaker.next_task(result)) is not None:
            try:
                speaker.run = self._run_of(task, speaker.rows)
            except Exception as error:
                speaker.fail(error)
                return
            if (result := speaker.run.result) is None:
                return

    def _run_of(self, task: Task, rows: Sequence[Row]) -> Run:
        check_context(task.tokens, self._cache.context)
        if isinstance(task, TextTask):
            return TextRun(task, rows, self._tokenizer, self._masks)
        if isinstance(task, CodesTask):
            return CodesRun(task, rows)
        return ScoreRun(task, rows)
