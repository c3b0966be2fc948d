"""Audio codes without a look at the host between tokens: a fixed step from token ids to the next ones.

On a GPU the step is a CUDA graph, one for each shape in use; elsewhere the same function runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from services.planner import sampling
from services.planner.attention import Lanes
from services.planner.cache import KeyValueCache
from services.planner.model import LanguageModel
from services.planner.runs import CodesRun
from services.planner.sampling import Draws

_SHORTEST = 256


@dataclass(frozen=True)
class _State:
    """What a step reads and writes, one element for each row of the cache; it stays at its place in memory.

    A row that `moves` gets a token in each step: the one drawn from the logits of its row `leader`, led away from those
    of its row `unconditional`. Rows at rest write to the cache's spare position.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    moves: torch.Tensor
    leader: torch.Tensor
    unconditional: torch.Tensor
    guidance_scale: torch.Tensor
    temperature: torch.Tensor
    top_k: torch.Tensor
    top_p: torch.Tensor
    finite: torch.Tensor
    step: torch.Tensor
    uniform: torch.Tensor
    drawn: torch.Tensor

    @classmethod
    def at_rest(cls, rows: int, steps: int, spare: int, device: torch.device) -> _State:
        """No row moves."""
        whole = partial(torch.zeros, dtype=torch.int64, device=device)
        real = partial(torch.ones, dtype=torch.float32, device=device)
        precise = partial(torch.ones, dtype=torch.float64, device=device)
        return cls(
            tokens=whole(rows),
            positions=whole(rows) + spare,
            moves=whole(rows),
            leader=torch.arange(rows, device=device),
            unconditional=torch.arange(rows, device=device),
            guidance_scale=real(rows),
            temperature=real(rows),
            top_k=whole(rows),
            top_p=precise(rows),
            finite=torch.ones(rows, dtype=torch.bool, device=device),
            step=whole(1),
            uniform=precise(steps, rows),
            drawn=whole(steps, rows),
        )

    def take(self, other: _State) -> None:
        """Copies all values, in place."""
        for name, tensor in vars(other).items():
            getattr(self, name).copy_(tensor)


class CodeSteps:
    """Up to `steps` codes for each run at once, in the order and with the numbers that single steps would take.

    `codes` are the ids of the audio codes. `capture` turns steps into CUDA graphs; left out, on every GPU.
    """

    def __init__(
        self, model: LanguageModel, cache: KeyValueCache, codes: range, steps: int, *, capture: bool | None = None
    ) -> None:
        self.steps = steps
        self._capture = cache.keys[0].device.type == "cuda" if capture is None else capture
        self._model = model
        self._cache = cache
        self._codes = codes
        self._device = cache.keys[0].device
        self._state = self._at_rest(self._device)
        self._replays: dict[tuple[int, int], Callable[[], None]] = {}

    @torch.inference_mode()
    def advance(self, runs: Sequence[CodesRun], most: int) -> int:
        """Draws at most so many codes for each prefilled run, none beyond its count; tells how many each has got.

        A run for whose rows the network produces NaN or infinity ends with that error and gets none.
        """
        steps = min(self.steps, most, *(run.missing for run in runs))
        rows = [row.index for run in runs for row in run.rows]
        furthest = max(len(row.held) for run in runs for row in run.rows) + steps
        replay = self._replay(
            _power_of_two(max(rows) + 1, 1, self._cache.rows), _power_of_two(furthest, _SHORTEST, self._cache.context)
        )
        self._state.take(self._state_of(runs, steps))
        for _ in range(steps):
            replay()
        drawn, finite = self._state.drawn[:steps].tolist(), self._state.finite.tolist()
        for run in runs:
            if not all(finite[row.index] for row in run.rows):
                run.error = sampling.non_finite()
                continue
            for codes in drawn:
                for row in run.rows:
                    row.take(1)
                run.accept(codes[run.rows[0].index], self._codes.start)
        return steps

    def _at_rest(self, device: torch.device) -> _State:
        return _State.at_rest(self._cache.rows, self.steps, self._cache.context, device)

    def _state_of(self, runs: Sequence[CodesRun], steps: int) -> _State:
        """On the host, from where all of it moves to the device before the first step."""
        state = self._at_rest(torch.device("cpu"))
        for run in runs:
            leader, wish = run.rows[0].index, run.task.sampling
            for row in run.rows:
                state.tokens[row.index] = row.pending[0]
                state.positions[row.index] = len(row.held)
                state.moves[row.index] = 1
                state.leader[row.index] = leader
            state.unconditional[leader] = run.rows[-1].index
            state.guidance_scale[leader] = run.task.guidance_scale if run.guided else 1
            state.temperature[leader], state.top_k[leader] = wish.temperature, wish.top_k
            state.top_p[leader] = wish.top_p
            state.uniform[:steps, leader] = run.uniforms(steps)
        return state

    def _replay(self, rows: int, length: int) -> Callable[[], None]:
        """The step for the first `rows` rows of the cache, of which `length` positions are read."""
        if (rows, length) not in self._replays:
            self._replays[rows, length] = self._captured(partial(self._step, rows, length))
        return self._replays[rows, length]

    def _captured(self, step: Callable[[], None]) -> Callable[[], None]:
        if not self._capture:
            return step
        self._state.take(self._at_rest(torch.device("cpu")))
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            step()
        torch.cuda.current_stream(self._device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        return graph.replay

    def _step(self, rows: int, length: int) -> None:
        state = self._state
        hidden = self._model(state.tokens[:rows], Lanes.of(state.positions[:rows], length), self._cache)
        logits = self._model.logits(hidden, self._codes.start, self._codes.stop)
        unconditional = logits[state.unconditional[:rows]]
        guided = sampling.guide(logits, unconditional, state.guidance_scale[:rows])
        finite = sampling.finite(guided)
        state.finite[:rows] &= finite
        draws = Draws(
            temperature=state.temperature[:rows],
            top_k=state.top_k[:rows],
            top_p=state.top_p[:rows],
            uniform=state.uniform.index_select(0, state.step)[0, :rows],
            any_top_k=True,
            any_top_p=True,
        )
        codes = sampling.draw(guided.masked_fill(~finite[:, None], 0), draws)[state.leader[:rows]]
        state.drawn[:, :rows].index_copy_(0, state.step, codes[None])
        state.tokens[:rows] = self._codes.start + codes
        state.positions[:rows] += state.moves[:rows]
        state.step.add_(1)


def _power_of_two(needed: int, least: int, most: int) -> int:
    """Few shapes serve all: the next power of two, within bounds."""
    return min(max(1 << (needed - 1).bit_length(), least), most)
