"""Prompts are computed once: rows take over from one another what they hold in common, and the bits stay the same."""

from __future__ import annotations

from typing import Any

import torch

from services.planner.cache import BLOCK, KeyValueCache, Segment
from services.planner.checkpoint import LoadedPlanner
from services.planner.rows import RowPool
from tests.services.planner.conftest import CPU


def pool_of(loaded: LoadedPlanner, *, share: bool = True) -> RowPool:
    cache = KeyValueCache(loaded.model.config, 3, 1024, dtype=torch.float32, device=CPU)
    for number, tensor in enumerate((*cache.keys, *cache.values)):
        tensor.fill_(number)
        tensor[0] += 100
    return RowPool(cache, share_prefixes=share)


def filled(pool: RowPool, tokens: list[int]) -> Any:
    (row,) = pool.acquire(1)
    pool.fit(row, tokens, len(tokens) - 1)
    row.take(len(row.pending))
    return row


def test_an_equal_prompt_is_taken_over_but_for_its_last_token(loaded: LoadedPlanner) -> None:
    pool, tokens = pool_of(loaded), list(range(150))
    filled(pool, tokens)
    (second,) = pool.acquire(1)
    pool.fit(second, tokens, 149)
    assert (len(second.held), second.pending) == (149, [149])


def test_a_common_beginning_is_taken_over_in_whole_blocks(loaded: LoadedPlanner) -> None:
    pool = pool_of(loaded)
    filled(pool, list(range(150)))
    (second,) = pool.acquire(1)
    pool.fit(second, [*range(140), 999, 998], 141)
    assert len(second.held) == 140 // BLOCK * BLOCK


def test_what_was_written_after_the_prompt_is_not_taken_over(loaded: LoadedPlanner) -> None:
    """It was computed one by one, so its bits are not those of a prompt."""
    pool = pool_of(loaded)
    first = filled(pool, list(range(10)))
    first.pending = list(range(10, 200))
    first.take(190)
    (second,) = pool.acquire(1)
    pool.fit(second, list(range(200)), 199)
    assert second.held == []


def test_a_released_row_keeps_what_it_holds(loaded: LoadedPlanner) -> None:
    pool, tokens = pool_of(loaded), list(range(100))
    row = filled(pool, tokens)
    pool.release([row])
    assert pool.free == 3
    (other,) = pool.acquire(1)
    pool.fit(other, tokens, 99)
    assert len(other.held) == 99
    pool.forget_all()
    pool.fit(other, tokens, 99)
    assert other.held == []


def test_only_the_rows_of_a_failure_are_forgotten(loaded: LoadedPlanner) -> None:
    pool = pool_of(loaded)
    good, bad = filled(pool, list(range(100))), filled(pool, list(range(200, 300)))
    pool.forget([bad])
    (other,) = pool.acquire(1)
    pool.fit(other, list(range(200, 300)), 99)
    assert other.held == []
    pool.fit(other, list(range(100)), 99)
    assert other.held == good.held[:99]


def test_nothing_is_shared_in_deterministic_mode(loaded: LoadedPlanner) -> None:
    pool, tokens = pool_of(loaded, share=False), list(range(100))
    pool.release([filled(pool, tokens)])
    for _ in range(3):
        (row,) = pool.acquire(1)
        pool.fit(row, tokens, 99)
        assert row.held == []


def test_pieces_end_at_blocks(loaded: LoadedPlanner) -> None:
    pool = pool_of(loaded)
    (row,) = pool.acquire(1)
    pool.fit(row, list(range(500)), 499)
    pieces = []
    while piece := row.piece(200):
        pieces.append(piece)
        row.take(piece)
    assert sum(pieces) == 499
    assert all(piece % BLOCK == 0 for piece in pieces[:-1])


def test_what_follows_a_prompt_goes_in_by_pieces_where_it_is_long(loaded: LoadedPlanner) -> None:
    """Cut where the prompt ends and at blocks; as much as fits into one pass is left for the last one."""
    pool = pool_of(loaded)
    (row,) = pool.acquire(1)
    pool.fit(row, list(range(700)), 100)
    ends = []
    while piece := row.piece(200):
        assert piece <= 200
        row.take(piece)
        ends.append(len(row.held))
    assert ends[0] == 100
    assert all(end % BLOCK == 0 for end in ends[1:])
    assert 0 < len(row.pending) <= 200


def test_segments_split_at_multiples_of_the_block() -> None:
    blocks = list(Segment(0, 100, 200).blocks())
    assert [(block.start, block.end) for block in blocks] == [(100, 128), (128, 192), (192, 256), (256, 300)]
