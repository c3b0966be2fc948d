"""What items start from and follow, through the small network and in one batch with others.

Each is written out here on the network alone, one velocity at a time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
import torch

from services.dit.conditions import ConditionSwitch
from services.dit.flow_edit import FlowEdit
from services.dit.guidance import ProjectedGuidance
from services.dit.items import Sampled, SampleItem, Work
from services.dit.keep import Keep, blend_weights
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingDefaults, SamplingOptions
from services.dit.starts import Start, Variation
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from services.runtime.noise import Purpose, gaussian
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, dit_engine, normal, transformer, velocity

SILENCE = normal(0, 300, CHANNELS)
CONDITION, SECOND, NULL = normal(1, 9, CONDITION_WIDTH), normal(2, 5, CONDITION_WIDTH), normal(3, 1, CONDITION_WIDTH)
MODEL = transformer(TINY)
FRAMES = 130
SOURCE, OTHER = normal(4, FRAMES, CHANNELS), normal(5, FRAMES, CHANNELS)
LEVELS = (1.0, 0.75, 0.5, 0.25)
STEPS = list(pairwise((*LEVELS, 0.0)))
EVERYWHERE = torch.ones(FRAMES)
TWO_REGIONS = (torch.arange(FRAMES) % 60 >= 20) & (torch.arange(FRAMES) % 60 < 40)
SCALE = 4.0


def item(frames: int = FRAMES, *, scale: float = 1.0, seed: int = 7, **fields: Any) -> SampleItem:
    options = fields.pop("options", SamplingOptions(timesteps=LEVELS, guidance_scale=scale))
    return SampleItem(CONDITION, NULL, frames, seed=seed, options=options, **fields)


async def finished(
    defaults: SamplingDefaults, *items: SampleItem
) -> tuple[list[torch.Tensor], BatchQueue[Work], list[int]]:
    """Latents of items that are sampled together, the queue, and the evaluations that were planned."""
    async with dit_engine(MODEL, SILENCE, defaults) as (engine, queue):

        async def sampled(what: SampleItem) -> torch.Tensor:
            *_, last = [event async for event in engine.sample(what, None)]
            assert isinstance(last, Finished)
            assert isinstance(last.result, Sampled)
            return last.result.latents

        latents = await asyncio.gather(*(sampled(what) for what in items))
        return latents, queue, [engine.plan(what).evaluations for what in items]


def v(
    x: torch.Tensor,
    t: float,
    words: torch.Tensor = CONDITION,
    source: torch.Tensor = SILENCE[:FRAMES],
    mask: torch.Tensor = EVERYWHERE,
) -> torch.Tensor:
    context = torch.cat((source, mask.float()[:, None].expand(-1, CHANNELS)), dim=-1)
    return velocity(MODEL, x[None], context[None], words[None], [t])[0]


class Guided:
    """APG of one trajectory; draws of a step start from one momentum."""

    def __init__(self) -> None:
        self._guidance = ProjectedGuidance()

    def __call__(self, draws: Sequence[torch.Tensor], nulls: Sequence[torch.Tensor], t: float) -> torch.Tensor:
        c, u = torch.stack(list(draws)), torch.stack(list(nulls))
        return self._guidance.combine(c, u, c, t, SCALE).mean(0)


def begun(t: float) -> torch.Tensor:
    """From the nearest level on."""
    x = t * gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS)) + (1 - t) * SOURCE
    for level, after in STEPS:
        x = x + (after - level) * v(x, level) if level <= t else x
    return x


def begun_exactly(t: float) -> torch.Tensor:
    """All steps, at levels in proportion."""
    x = t * gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS)) + (1 - t) * SOURCE
    for level, after in STEPS:
        x = x + t * (after - level) * v(x, t * level)
    return x


def varied() -> torch.Tensor:
    angle = 0.3 * math.pi / 2
    x = math.cos(angle) * gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS))
    x = x + math.sin(angle) * gaussian(8, Purpose.VARIATION, (FRAMES, CHANNELS))
    for t, after in STEPS:
        x = x + (after - t) * v(x, t)
    return x


def switched() -> torch.Tensor:
    """Half the steps under the condition in its context, half under the second in another with the same mask."""
    x, guide = gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS)), Guided()
    for step, (t, after) in enumerate(STEPS):
        words, source = (CONDITION, SOURCE) if step < 2 else (SECOND, OTHER)
        c, u = v(x, t, words, source, TWO_REGIONS), v(x, t, NULL, source, TWO_REGIONS)
        x = x + (after - t) * guide([c], [u], t)
    return x


def blended() -> torch.Tensor:
    x, guide = gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS)), Guided()
    for t, after in STEPS:
        guided = guide([v(x, t, CONDITION, SOURCE)], [v(x, t, NULL, SOURCE)], t)
        x = x + (after - t) * (0.3 * guided + 0.7 * v(x, t, SECOND, SOURCE))
    return x


def repainted() -> torch.Tensor:
    """Two regions; injection after two of four steps; the ramps of 4 frames are fifths."""
    noise = gaussian(7, Purpose.INITIAL, (FRAMES, CHANNELS))
    x = noise
    for step, (t, after) in enumerate(STEPS):
        x = x + (after - t) * v(x, t, CONDITION, SOURCE, TWO_REGIONS)
        if step < 2:
            x = torch.where(TWO_REGIONS[:, None], x, after * noise + (1 - after) * OTHER)
    weights = TWO_REGIONS.float()
    for edge in (20, 80):
        weights[edge - 4 : edge] = torch.tensor([0.2, 0.4, 0.6, 0.8])
        weights[edge + 20 : edge + 24] = torch.tensor([0.8, 0.6, 0.4, 0.2])
    return weights[:, None] * x + (1 - weights[:, None]) * OTHER


def edited() -> torch.Tensor:
    """The first step is left out, two edit with three draws each, the last one samples freely."""
    z, target, origin = SOURCE, Guided(), Guided()
    for step, (t, after) in enumerate(STEPS[1:3]):
        draws = [gaussian(7, Purpose.EDIT, (FRAMES, CHANNELS), draw=3 * step + number) for number in range(3)]
        z_source = [(1 - t) * SOURCE + t * draw for draw in draws]
        z_target = [z + one - SOURCE for one in z_source]
        new = target([v(one, t) for one in z_target], [v(one, t, NULL) for one in z_target], t)
        old = origin([v(one, t, SECOND) for one in z_source], [v(one, t, NULL) for one in z_source], t)
        z = z + (after - t) * (new - old)
    x = z + 0.75 * SOURCE + 0.25 * gaussian(7, Purpose.EDIT, (FRAMES, CHANNELS), draw=6) - SOURCE
    return x - 0.25 * target([v(x, 0.25)], [v(x, 0.25, NULL)], 0.25)


ITEMS = {
    "start": (item(start=Start(SOURCE, 0.6)), begun(0.5)),
    "exact start": (item(start=Start(SOURCE, 0.6, exact=True)), begun_exactly(0.6)),
    "variation": (item(variation=Variation(0.3, seed=8)), varied()),
    "switch": (
        item(scale=SCALE, source=SOURCE, mask=TWO_REGIONS, switch=ConditionSwitch(0.5, SECOND, OTHER)),
        switched(),
    ),
    "blend": (item(scale=SCALE, source=SOURCE, switch=ConditionSwitch(0.3, SECOND, blend=True)), blended()),
    "keep": (item(source=SOURCE, mask=TWO_REGIONS, keep=Keep(OTHER, 0.5, 4)), repainted()),
    "edit": (item(scale=SCALE, edit=FlowEdit(SOURCE, SECOND, 0.25, 0.75, 3)), edited()),
}


async def test_items_of_all_courses_in_one_batch_equal_their_formulas() -> None:
    latents, queue, evaluations = await finished(GUIDED_DEFAULTS, *(what for what, _ in ITEMS.values()))
    for name, ours, (_, expected) in zip(ITEMS, latents, ITEMS.values(), strict=True):
        assert relative_error(ours, expected) <= 2e-5, name
    assert evaluations == [2, 4, 4, 8, 12, 4, 26]
    assert queue.steps_computed == sum(evaluations)


@pytest.mark.parametrize("name", ITEMS)
async def test_every_course_changes_the_result(name: str) -> None:
    what = ITEMS[name][0]
    plain = SampleItem(CONDITION, NULL, FRAMES, what.source, what.mask, seed=7, options=what.options)
    ((latents,), _, _) = await finished(GUIDED_DEFAULTS, plain)
    assert relative_error(ITEMS[name][1], latents) > 5e-3


async def test_a_switch_without_latents_of_its_own_goes_on_in_silence() -> None:
    silent, same = (ConditionSwitch(0.0, CONDITION, source) for source in (None, SILENCE[:FRAMES]))
    latents, _, _ = await finished(
        GUIDED_DEFAULTS, item(source=SOURCE, switch=silent), item(source=SOURCE, switch=same), item()
    )
    assert relative_error(latents[0], latents[1]) <= 1e-5
    assert relative_error(latents[0], latents[2]) <= 1e-5


async def test_short_latents_go_on_in_silence() -> None:
    short, whole = SOURCE[:100], torch.cat((SOURCE[:100], SILENCE[:30]))
    items = []
    for latents in (short, whole):
        items.append(item(mask=TWO_REGIONS, keep=Keep(latents, 1.0, 2), start=Start(latents, 0.5)))
        items.append(item(edit=FlowEdit(latents, SECOND, 0.0, 1.0, 1)))
    (kept, edited, *same), _, _ = await finished(GUIDED_DEFAULTS, *items)
    assert relative_error(kept, same[0]) <= 1e-5
    assert relative_error(edited, same[1]) <= 1e-5


async def test_what_is_kept_need_not_be_what_the_model_must_not_write() -> None:
    """The model may write everywhere, and still the frames outside of the regions are kept."""
    masked = item(source=SOURCE, mask=TWO_REGIONS, keep=Keep(OTHER, 0.5, 4))
    unmasked = item(source=SOURCE, keep=Keep(OTHER, 0.5, 4, free=TWO_REGIONS))
    (one, two), _, _ = await finished(GUIDED_DEFAULTS, masked, unmasked)
    kept = blend_weights(TWO_REGIONS, 4) == 0
    assert kept.any()
    assert torch.equal(one[kept], OTHER[kept])
    assert torch.equal(two[kept], OTHER[kept])
    assert not torch.isclose(one[TWO_REGIONS], two[TWO_REGIONS]).all()


async def test_without_latents_it_is_silence_that_is_kept() -> None:
    ((latents,), _, _) = await finished(GUIDED_DEFAULTS, item(source=SOURCE, keep=Keep(None, 0.0, 1, free=TWO_REGIONS)))
    ((free,), _, _) = await finished(GUIDED_DEFAULTS, item(source=SOURCE))
    kept = blend_weights(TWO_REGIONS, 1) == 0
    assert torch.equal(latents[kept], SILENCE[:FRAMES][kept])
    assert torch.equal(latents[TWO_REGIONS], free[TWO_REGIONS])


async def test_frames_that_are_added_for_the_network_are_free() -> None:
    """Of 40 frames the network sees 128. What is added is no region that the result would go over to."""
    mask = torch.arange(40) < 20
    ((latents,), _, _) = await finished(GUIDED_DEFAULTS, item(40, mask=mask, keep=Keep(SOURCE[:40], 0.5, 5)))
    assert torch.equal(latents[25:], SOURCE[25:40])
    assert not torch.isclose(latents[:25], SOURCE[:25]).all(dim=1).any()


async def test_a_start_without_noise_is_the_source_bit_by_bit_beside_items_that_run() -> None:
    what = item(start=Start(SOURCE, 0.0))
    (only, *_), queue, evaluations = await finished(GUIDED_DEFAULTS, what, item(), item(seed=8))
    assert torch.equal(only, SOURCE)
    assert evaluations[0] == 0
    assert queue.steps_computed == sum(evaluations)


async def test_the_more_variance_the_further_from_the_first_take() -> None:
    variances = (0.0, 0.05, 0.15, 0.3, 0.6, 1.0)
    items = [item(variation=Variation(variance, seed=8)) for variance in variances]
    ((plain,), _, _) = await finished(TURBO_DEFAULTS, item())
    takes = [(await finished(TURBO_DEFAULTS, what))[0][0] for what in items]
    distances = [float((take - plain).norm()) for take in takes]
    assert torch.equal(takes[0], plain)
    assert distances == sorted(distances)
    assert len(set(distances)) == len(variances)


async def test_an_edit_between_equal_descriptions_is_the_source() -> None:
    edit = FlowEdit(SOURCE, CONDITION, 0.0, 1.0, 2)
    latents, _, _ = await finished(GUIDED_DEFAULTS, item(scale=SCALE, edit=edit), item(40), item(260, scale=SCALE))
    assert (latents[0] - SOURCE).abs().max() <= 1e-6


async def test_courses_do_not_depend_on_what_ran_before() -> None:
    for what, _ in ITEMS.values():
        (first, _), _, _ = await finished(GUIDED_DEFAULTS, what, item(40, seed=9))
        (other, again), _, _ = await finished(GUIDED_DEFAULTS, item(140, seed=10), what)
        assert len(other) == 140
        assert relative_error(again, first) <= 1e-5
