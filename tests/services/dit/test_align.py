"""Alignment: what finished latents attend to, against the same attention written out."""

from __future__ import annotations

import asyncio
import math
import threading
from typing import Any

import pytest
import torch
from torch import nn

from quartet.errors import DeadlineError, InternalError
from services.dit.engine import DitEngine
from services.dit.items import AlignItem, SampleItem
from services.dit.model import Branch, DiffusionTransformer
from services.dit.plan import TURBO_DEFAULTS, SamplingOptions
from services.runtime.noise import Purpose, gaussian
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, dit_engine, normal, transformer
from tests.support.waiting import until

SILENCE = normal(0, 300, CHANNELS)
CONDITION = normal(1, 9, CONDITION_WIDTH)
LYRIC_TOKENS = 5
MODEL = transformer(TINY)
NAMED = {"1": [3], "2": [0, 2]}
NAMING = transformer({**TINY, "lyric_alignment_layers_config": NAMED})


def item(frames: int = 131, seed: int = 7, level: float = 0.125, **context: Any) -> AlignItem:
    return AlignItem(
        SampleItem(CONDITION, None, frames, seed=seed, **context), normal(2, frames, CHANNELS), LYRIC_TOKENS, level
    )


async def aligned(engine: DitEngine, what: AlignItem) -> torch.Tensor:
    return (await engine.align(what, None)).result.attention


@torch.inference_mode()
def written_out(model: DiffusionTransformer, what: AlignItem, heads: dict[int, list[int]]) -> torch.Tensor:
    """Softmax of the products of queries and keys of every named head, from the projections of the network."""
    frames = what.sampled.network_frames
    latents = torch.cat((what.latents, SILENCE[: frames - len(what.latents)]))
    noise = gaussian(what.sampled.seed, Purpose.INITIAL, (frames, CHANNELS))
    source = SILENCE[:frames]
    if what.sampled.source is not None:
        source = torch.cat((what.sampled.source, SILENCE[: frames - len(what.sampled.source)]))
    context = torch.cat((source, torch.ones(frames, CHANNELS)), dim=1)
    t = what.noise_level
    inputs: dict[int, torch.Tensor] = {}

    def note(layer: int) -> Any:
        def hook(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            inputs[layer] = arguments[0]

        return hook

    blocks: Any = model.layers
    hooks = [block.cross_attn.register_forward_pre_hook(note(number)) for number, block in enumerate(blocks)]
    model([Branch(t * noise + (1 - t) * latents, context, model.cache_condition(CONDITION), t)])
    for hook in hooks:
        hook.remove()

    maps = []
    for number, chosen in heads.items():
        attention = blocks[number].cross_attn
        queries = attention.q_norm(attention.q_proj(inputs[number]).view(-1, 4, 16))
        embedded = model.condition_embedder(CONDITION)
        keys = attention.k_norm(attention.kv_proj(embedded)[:, :32].view(-1, 2, 16)).repeat_interleave(2, dim=1)
        scores = torch.einsum("qhd,khd->hqk", queries, keys) / math.sqrt(16)
        maps += [scores.softmax(-1)[head] for head in chosen]
    moments = -(-len(what.latents) // 2)
    return torch.stack(maps).mean(0)[:moments, :LYRIC_TOKENS].t()


@pytest.mark.parametrize(
    "what",
    [
        item(),
        item(300),
        item(40),
        item(1),
        item(level=1.0),
        item(source=normal(3, 100, CHANNELS)),
    ],
    ids=["odd", "long", "short", "one frame", "pure noise", "context"],
)
@pytest.mark.parametrize(
    ("model", "heads"),
    [(MODEL, {1: [0, 1, 2, 3], 3: [0, 1, 2, 3]}), (NAMING, {1: [3], 2: [0, 2]})],
    ids=["every head that sees all", "heads that the config names"],
)
async def test_alignment_is_the_attention_of_the_network(
    model: DiffusionTransformer, heads: dict[int, list[int]], what: AlignItem
) -> None:
    async with dit_engine(model, SILENCE, TURBO_DEFAULTS) as (engine, _):
        attention = await aligned(engine, what)
    expected = written_out(model, what, heads)
    assert attention.shape == expected.shape
    assert 0 < expected.sum(0).max() < 1
    torch.testing.assert_close(attention, expected, rtol=1e-5, atol=1e-6)


async def test_queries_go_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (engine, _):
        whole = await aligned(engine, item())
        monkeypatch.setattr("services.layers.attention._QUERIES_AT_ONCE", 7)
        torch.testing.assert_close(await aligned(engine, item()), whole)


async def test_alignment_does_not_depend_on_what_is_sampled_beside_it() -> None:
    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (engine, queue):
        alone = await aligned(engine, item())

        async def sample(seed: int) -> None:
            options = SamplingOptions(steps=4)
            async for _ in engine.sample(SampleItem(CONDITION, None, 200, seed=seed, options=options), None):
                pass

        before = queue.steps_computed
        finished, other, *_ = await asyncio.gather(
            engine.align(item(), None), aligned(engine, item(seed=8)), sample(1), sample(2)
        )
        assert queue.steps_computed - before == 2 + 2 * 4
    assert torch.equal(finished.result.attention, alone)
    assert finished.batch_size == 1
    assert not torch.equal(other, alone)


async def test_layers_may_come_from_host_memory_for_their_turn() -> None:
    """Alignment leaves the last layers out; who comes next finds them as they were."""
    small = transformer(TINY)
    small.layers.stream(torch.device("cpu"), resident=1)
    plain = SampleItem(CONDITION, None, 130, options=SamplingOptions(steps=2))
    async with (
        dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (whole, _),
        dit_engine(small, SILENCE, TURBO_DEFAULTS) as (streamed, _),
    ):
        for _ in range(2):
            assert torch.equal(await aligned(streamed, item()), await aligned(whole, item()))
            latents = [[event async for event in engine.sample(plain, None)][-1] for engine in (whole, streamed)]
            assert torch.equal(*(event.result.latents for event in latents))  # type: ignore[union-attr]


async def test_one_that_nobody_waits_for_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up while a step of another holds the thread."""
    started, resume = threading.Event(), threading.Event()
    heard = []
    listen = DiffusionTransformer.attention

    def counting(model: DiffusionTransformer, branch: Branch, first: int) -> torch.Tensor:
        heard.append(first)
        return listen(model, branch, first)

    monkeypatch.setattr(DiffusionTransformer, "attention", counting)

    def block(module: nn.Module, arguments: object) -> None:
        started.set()
        resume.wait(10)

    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (engine, queue):
        hook = MODEL.register_forward_pre_hook(block)
        try:
            sampling = asyncio.create_task(anext(engine.sample(SampleItem(CONDITION, None, 130), None)))
            await asyncio.to_thread(started.wait, 10)
            waiting = asyncio.create_task(aligned(engine, item()))
            await until(lambda: queue.load.queued_items)
            waiting.cancel()
            await asyncio.wait([waiting])
            resume.set()
            await sampling
        finally:
            hook.remove()
        await aligned(engine, item())
    assert heard == [LYRIC_TOKENS]


async def test_one_that_does_not_get_its_turn_in_time_fails() -> None:
    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (engine, _):
        with pytest.raises(DeadlineError):
            await engine.align(item(), -1.0)


async def test_attention_that_is_not_finite_is_an_error_and_the_next_item_is_served() -> None:
    overflowing = SampleItem(torch.full((9, CONDITION_WIDTH), 3e38), None, 131)
    broken = AlignItem(overflowing, normal(2, 131, CHANNELS), LYRIC_TOKENS, 0.125)
    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as (engine, _):
        with pytest.raises(InternalError) as failed:
            await aligned(engine, broken)
        assert failed.value.reason == "NON_FINITE_ATTENTION"
        assert (await aligned(engine, item())).isfinite().all()
