"""Draws are those that sorting gives, and depend on nothing but logits and the uniform number."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import RepetitionPenaltyLogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from services.planner.sampling import Draws, TokenSampling, draw, finite, guide, penalise
from services.runtime.noise import Purpose, uniform

PINNED = [0.330707349204, 0.099838285278, 0.439848469965]


def drawn(logits: torch.Tensor, samplings: list[TokenSampling], numbers: list[float]) -> list[int]:
    return [int(token) for token in draw(logits, Draws.of(samplings, numbers, logits.device))]


def support(logits: torch.Tensor, sampling: TokenSampling) -> set[int]:
    """Every token that is drawn in a hundredth of all cases or more."""
    numbers = np.linspace(0, 1, 120, endpoint=False)
    batch = logits.expand(len(numbers), -1).contiguous()
    return set(drawn(batch, [sampling] * len(numbers), numbers.tolist()))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.99), st.integers(1, 40), st.floats(0.3, 2))
def test_what_stays_is_what_transformers_keeps(seed: int, top_p: float, top_k: int, temperature: float) -> None:
    """transformers' own warpers, in our order: temperature, top-k, top-p."""
    logits = torch.randn(1, 40, generator=torch.Generator().manual_seed(seed)) * 3
    kept = TopKLogitsWarper(top_k)(None, logits / temperature)
    kept = TopPLogitsWarper(top_p)(None, kept)
    wanted = set(torch.isfinite(kept[0]).nonzero()[:, 0].tolist())
    likely = {token for token in wanted if kept[0].softmax(-1)[token] > 0.01}
    found = support(logits, TokenSampling(temperature, top_k, top_p))
    assert likely <= found <= wanted


def test_draws_follow_the_probabilities() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, -torch.inf]])
    numbers = uniform(3, Purpose.TEXT, 4000).tolist()
    tokens = drawn(logits.expand(len(numbers), -1).contiguous(), [TokenSampling(1.0, 0, 1.0)] * len(numbers), numbers)
    shares = np.bincount(tokens, minlength=4) / len(numbers)
    assert np.allclose(shares, logits[0].softmax(-1), atol=0.03)
    assert shares[3] == 0


def test_equal_logits_stay_by_index() -> None:
    logits = torch.zeros(1, 10)
    assert support(logits, TokenSampling(1.0, 4, 1.0)) == {0, 1, 2, 3}
    assert support(logits, TokenSampling(1.0, 0, 0.25)) == {0, 1, 2}


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = torch.randn(5, 100)
    assert drawn(logits, [TokenSampling(0.0)] * 5, [0.1] * 5) == logits.argmax(-1).tolist()


@given(st.integers(0, 2**32 - 1))
def test_a_row_does_not_depend_on_the_others(seed: int) -> None:
    generator = np.random.default_rng(seed)
    logits = torch.from_numpy(generator.normal(size=(6, 200)).astype(np.float32))
    samplings = [
        TokenSampling(float(generator.uniform(0, 2)), int(generator.integers(0, 50)), float(generator.uniform(0.1, 1)))
        for _ in range(6)
    ]
    numbers = generator.random(6).tolist()
    together = drawn(logits, samplings, numbers)
    alone = [drawn(logits[row : row + 1], [samplings[row]], [numbers[row]])[0] for row in range(6)]
    assert together == alone


def test_uniform_numbers_are_pinned() -> None:
    """They are part of every result; a new numpy must not change them unseen."""
    assert uniform(7, Purpose.TEXT, 3).tolist() == pytest.approx(uniform(7, Purpose.TEXT, 9)[:3].tolist(), abs=0)
    assert uniform(7, Purpose.TEXT, 2).tolist() != uniform(7, Purpose.AUDIO_CODES, 2).tolist()
    assert uniform(7, Purpose.TEXT, 2, draw=1).tolist() != uniform(7, Purpose.TEXT, 2).tolist()
    assert [round(number, 12) for number in uniform(1, Purpose.AUDIO_CODES, 3).tolist()] == PINNED


def test_guidance_leads_away() -> None:
    conditional, unconditional = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 3.0]])
    assert guide(conditional, unconditional, torch.tensor([1.0])).tolist() == conditional.tolist()
    assert guide(conditional, unconditional, torch.tensor([3.0])).tolist() == [[2.0, 0.0]]


def test_the_penalty_is_that_of_transformers() -> None:
    logits, written = torch.randn(50), torch.tensor([3, 7, 9])
    reference = RepetitionPenaltyLogitsProcessor(1.4)(written[None], logits.clone()[None])[0]
    assert torch.equal(penalise(logits, written, 1.4), reference)


def test_compat_ignores_top_p_and_the_penalty() -> None:
    assert TokenSampling(0.7, 30, 0.5, 1.2, 9).compat() == TokenSampling(0.7, 30, 1.0, 1.0, 9)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_broken_rows_are_noticed(bad: float) -> None:
    logits = torch.zeros(2, 5)
    logits[1, 3] = bad
    assert finite(logits).tolist() == [True, False]
