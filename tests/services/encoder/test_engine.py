"""Calls share steps of the networks, and no result depends on who shared them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch

from services.encoder import checkpoint
from services.encoder.checkpoint import LoadedEncoder
from services.encoder.engine import EncodeItem
from services.encoder.model import EncoderModel, Words
from services.encoder.prompt import Prompt
from services.encoder.stepper import Codes, EncoderStepper, Latents
from services.runtime.items import Ticket
from tests.parity.tolerance import relative_error
from tests.services.encoder.engines import encoder_engine
from tests.support.waiting import until

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}


@pytest.fixture(scope="module")
def loaded(tiny_models: Path) -> LoadedEncoder:
    return checkpoint.load(tiny_models, "acestep-v15-turbo", **CPU)


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def words(seed: int, caption: int, lyrics: int, *references: int) -> Words:
    ids = torch.randint(0, 200, (caption + lyrics,), generator=torch.Generator().manual_seed(seed)).tolist()
    return Words(ids[:caption], ids[caption:], tuple(normal(seed, frames, 8) for frames in references))


BATCH = (words(1, 9, 30), words(2, 40, 3, 750), words(3, 9, 30), words(4, 1, 1, 20, 7), words(5, 100, 200))


def test_a_condition_does_not_depend_on_its_batch(loaded: LoadedEncoder) -> None:
    together = loaded.model.encode(BATCH)
    for item, condition in zip(BATCH, together, strict=True):
        (alone,) = loaded.model.encode([item])
        assert relative_error(condition, alone) <= 1e-5


def test_in_bfloat16_a_condition_hardly_depends_on_its_batch(tiny_models: Path) -> None:
    """The tolerance of docs/encoder.md: what bfloat16 itself rounds."""
    model = checkpoint.load(tiny_models, "acestep-v15-turbo", **{**CPU, "dtype": torch.bfloat16}).model
    for item, condition in zip(BATCH, model.encode(BATCH), strict=True):
        assert relative_error(condition.float(), model.encode([item])[0].float()) <= 1e-2
    codes = torch.arange(0, 64_000, 997)
    alone = torch.cat([model.detokenize(codes[start : start + 5]) for start in range(0, len(codes), 5)])
    assert relative_error(model.detokenize(codes).float(), alone.float()) <= 1e-2


def ticket() -> Ticket:
    return Ticket(None, lambda event: None, lambda: None)


def test_a_step_takes_items_of_all_kinds(loaded: LoadedEncoder) -> None:
    stepper = EncoderStepper(loaded.model, tokens_per_step=2048, max_items=8)
    codes = torch.tensor([5, 63_999, 0])
    works = (*BATCH[:2], Latents(normal(1, 23, 8)), Latents(normal(2, 5, 8)), Codes(codes))
    members = [stepper.join(work, ticket()) for work in works]
    stepper.step()
    assert all(member and member.ended and member.batch_size == 5 for member in members)
    results = [member.result for member in members if member]
    for condition, alone in zip(results, loaded.model.encode(BATCH[:2]), strict=False):
        assert relative_error(condition, alone) <= 1e-5
    for tokens, work in zip(results[2:4], works[2:4], strict=True):
        assert isinstance(work, Latents)
        assert torch.equal(tokens, loaded.model.tokenize(loaded.model.windows(work.latents)))
    assert relative_error(results[4], loaded.model.detokenize(codes)) <= 1e-5


def test_long_latents_go_in_pieces_and_a_prompt_waits_for_one_of_them(loaded: LoadedEncoder) -> None:
    """90 s are 450 codes of 6 tokens; 20 codes fit into a step."""
    latents = normal(1, 2250, 8)
    stepper = EncoderStepper(loaded.model, tokens_per_step=120, max_items=8)
    long = stepper.join(Latents(latents), ticket())
    stepper.step()
    prompt = stepper.join(BATCH[0], ticket())
    assert long
    assert prompt
    stepper.step()
    assert prompt.ended
    stepper.leave(prompt)
    steps = 2
    while not long.ended:
        stepper.step()
        steps += 1
    assert steps >= 23
    assert torch.equal(long.result, loaded.model.tokenize(loaded.model.windows(latents)))


def test_deterministic_steps_are_of_one_item(loaded: LoadedEncoder) -> None:
    stepper = EncoderStepper(loaded.model, tokens_per_step=2048, max_items=8, deterministic=True)
    members = [stepper.join(work, ticket()) for work in (*BATCH, Latents(normal(1, 23, 8)))]
    for number in range(len(members)):
        stepper.step()
        ended = [member for member in members if member and member.ended]
        assert len(ended) == number + 1
        stepper.leave(next(member for member in ended if member in stepper._turns))
    for member, item in zip(members, BATCH, strict=False):
        assert member
        assert member.batch_size == 1
        assert torch.equal(member.result, loaded.model.encode([item])[0])


def test_who_finds_no_room_waits(loaded: LoadedEncoder) -> None:
    stepper = EncoderStepper(loaded.model, tokens_per_step=2048, max_items=1)
    first = stepper.join(BATCH[0], ticket())
    assert first
    assert stepper.join(BATCH[1], ticket()) is None
    stepper.leave(first)
    assert stepper.join(BATCH[1], ticket())


def test_silence_is_encoded_once(loaded: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded.model
    model.encode(BATCH[:1])
    asked = []
    timbre = model.package.encoder.timbre_encoder
    monkeypatch.setattr(timbre, "forward", lambda references: asked.append(references))
    model.encode([BATCH[0], BATCH[4]])
    assert not asked


async def test_calls_that_overlap_share_steps(loaded: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one call is computed the next ones gather."""
    started, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    encode = EncoderModel.encode

    def gated(model: EncoderModel, items: list[Words]) -> list[torch.Tensor]:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        return encode(model, items)

    monkeypatch.setattr(EncoderModel, "encode", gated)
    async with encoder_engine(loaded) as (engine, queue), asyncio.TaskGroup() as group:
        calls = []
        for number in range(4):
            prompt = Prompt(f"song {number}", "la " * number)
            calls.append(group.create_task(engine.encode(EncodeItem(prompt), seconds_left=None)))
            await started.wait()
        await until(lambda: queue.load.queued_items >= 3)
        go_on.set()
        assert [(await call).batch_size for call in calls] == [1, 3, 3, 3]
