"""The whole chain, from words and noise to latents and audio, equals diffusers' AceStepPipeline on the tiny family.

Differences that are left out of the comparison, because the official behaviour is our default: the wavelet correction
(diffusers has none), durations below 128 frames, the guidance interval (diffusers tests 1 - t, we test t).
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from services.dit import checkpoint as dit_checkpoint
from services.dit.conditions import ConditionSwitch
from services.dit.engine import DitEngine
from services.dit.items import SampleItem
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingOptions
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.engine import EncodeItem, EncoderEngine
from services.encoder.prompt import Prompt
from services.runtime.items import Finished
from services.vae import checkpoint as vae_checkpoint
from services.vae.codec import WindowedCodec
from services.vae.engine import VaeEngine
from services.vae.stepper import DecodeItem, PcmRun
from services.vae.stepper import EncodeItem as AudioItem
from tests.parity.reference_pipeline import reference_pipeline
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import dit_engine
from tests.services.encoder.engines import encoder_engine
from tests.services.vae.engines import vae_engine

# spec/model.md §4.2
FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"
CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
PROMPT = Prompt(
    caption="a slow waltz",
    lyrics="[Verse]\nround and round",
    bpm=92,
    key_scale="A minor",
    time_signature="3",
    vocal_language="en",
    duration_seconds=5.2,
)


@dataclass(frozen=True)
class Engines:
    """Our stages, in one process."""

    encoder: EncoderEngine
    dit: DitEngine
    vae: VaeEngine


@asynccontextmanager
async def engines(models: Path, variant: str) -> AsyncIterator[Engines]:
    encoder = encoder_checkpoint.load(models, variant, **CPU)
    dit = dit_checkpoint.load(models, variant, **CPU)
    vae = vae_checkpoint.load(models, **CPU)
    defaults = TURBO_DEFAULTS if dit.model.config.is_turbo else GUIDED_DEFAULTS
    codec = WindowedCodec(vae.model, 48, **CPU)
    async with (
        encoder_engine(encoder) as (conditions, _),
        dit_engine(dit.model, dit.silence, defaults) as (sampler, _),
        vae_engine(codec) as (coder, _),
    ):
        yield Engines(conditions, sampler, coder)


def theirs(pipeline: Any, noise: torch.Tensor, output_type: str, **options: Any) -> torch.Tensor:
    """Their result: latents [frames, channels] or audio [channels, samples]."""
    result = pipeline(
        prompt=PROMPT.caption,
        lyrics=PROMPT.lyrics,
        audio_duration=len(noise) / 25,
        vocal_language=PROMPT.vocal_language,
        bpm=PROMPT.bpm,
        keyscale=PROMPT.key_scale,
        timesignature=PROMPT.time_signature,
        latents=noise[None],
        output_type=output_type,
        **options,
    ).audios[0]
    return torch.as_tensor(result)


async def ours(
    stages: Engines,
    noise: torch.Tensor,
    options: SamplingOptions,
    *references: torch.Tensor,
    prompt: Prompt = PROMPT,
    codes: torch.Tensor | None = None,
    beside: tuple[Prompt, float] | None = None,
) -> torch.Tensor:
    """Our latents [frames, channels], which follow audio codes where there are some.

    Another prompt may be followed beside the first, whose velocity has the weight that comes with it.
    """
    encoded = (await stages.encoder.encode(EncodeItem(prompt, references), None)).result
    hints = None if codes is None else (await stages.encoder.detokenize(codes, None)).result
    switch = None
    if beside is not None:
        second = (await stages.encoder.encode(EncodeItem(beside[0], references), None)).result
        switch = ConditionSwitch(beside[1], second.condition, blend=True)
    item = SampleItem(
        encoded.condition, encoded.null_condition, len(noise), hints, noise=noise, options=options, switch=switch
    )
    async for event in stages.dit.sample(item, None):
        if isinstance(event, Finished):
            return event.result.latents
    raise AssertionError("no latents")


async def decoded(stages: Engines, latents: torch.Tensor) -> torch.Tensor:
    runs = [event async for event in stages.vae.decode(DecodeItem(latents), None) if isinstance(event, PcmRun)]
    return torch.cat([run.pcm for run in runs]).T


@pytest.mark.parametrize("frames", [130, 131])
async def test_turbo_from_words_to_audio(tiny_models: Path, frames: int) -> None:
    noise = torch.randn(frames, 8, generator=torch.Generator().manual_seed(frames))
    pipeline = reference_pipeline(tiny_models, "acestep-v15-turbo")
    expected = theirs(pipeline, noise, "latent", num_inference_steps=8, shift=3.0, guidance_scale=1.0)
    audio = theirs(pipeline, noise, "pt", num_inference_steps=8, shift=3.0, guidance_scale=1.0)
    async with engines(tiny_models, "acestep-v15-turbo") as stages:
        latents = await ours(stages, noise, SamplingOptions(steps=8, shift=3.0))
        pcm = await decoded(stages, latents)
        other_words = dataclasses.replace(PROMPT, caption="a fast waltz")
        elsewhere = await ours(stages, noise, SamplingOptions(steps=8, shift=3.0), prompt=other_words)
    assert relative_error(latents, expected) <= 1e-3
    assert relative_error(elsewhere, expected) > 5e-3, "the comparison must notice a single word"
    assert relative_error(pcm * 10 ** (-1 / 20) / pcm.abs().max(), audio) <= 1e-3


async def test_music_that_follows_audio_codes(tiny_models: Path) -> None:
    """Codes become hints, which the DiT follows, and the instruction says so."""
    codes = torch.randint(64_000, (27,), generator=torch.Generator().manual_seed(5))
    noise = torch.randn(5 * len(codes), 8, generator=torch.Generator().manual_seed(6))
    pipeline = reference_pipeline(tiny_models, "acestep-v15-turbo")
    written = "".join(f"<|audio_code_{code}|>" for code in codes.tolist())
    expected = theirs(
        pipeline, noise, "latent", num_inference_steps=8, shift=3.0, guidance_scale=1.0, audio_codes=written
    )
    options, following = SamplingOptions(steps=8, shift=3.0), dataclasses.replace(PROMPT, instruction=FOLLOW_CODES)
    async with engines(tiny_models, "acestep-v15-turbo") as stages:
        latents = await ours(stages, noise, options, prompt=following, codes=codes)
        others = [
            await ours(stages, noise, options, prompt=PROMPT, codes=codes),
            await ours(stages, noise, options, prompt=following, codes=codes.flip(0)),
            await ours(stages, noise, options, prompt=following),
        ]
    assert relative_error(latents, expected) <= 1e-3
    for other in others:
        assert relative_error(other, expected) > 5e-3, "the comparison must notice instruction, codes and hints"


@pytest.mark.parametrize(
    ("variant", "scale", "strength"),
    [
        ("acestep-v15-turbo", 1.0, 0.0),
        ("acestep-v15-turbo", 1.0, 0.5),
        ("acestep-v15-turbo", 1.0, 1.0),
        ("acestep-v15-base", 5.0, 0.5),
    ],
)
async def test_cover_strength_as_a_blend(tiny_models: Path, variant: str, scale: float, strength: float) -> None:
    """diffusers weighs the velocities of both prompts at every step, where the official app switches in time."""
    codes = torch.randint(64_000, (26,), generator=torch.Generator().manual_seed(7))
    noise = torch.randn(5 * len(codes), 8, generator=torch.Generator().manual_seed(8))
    written = "".join(f"<|audio_code_{code}|>" for code in codes.tolist())
    expected = theirs(
        reference_pipeline(tiny_models, variant),
        noise,
        "latent",
        num_inference_steps=8,
        shift=3.0,
        guidance_scale=scale,
        audio_codes=written,
        audio_cover_strength=strength,
    )
    options = SamplingOptions(steps=8, shift=3.0, guidance_scale=scale)
    cover = dataclasses.replace(PROMPT, instruction=FOLLOW_CODES)
    async with engines(tiny_models, variant) as stages:
        latents = await ours(stages, noise, options, prompt=cover, codes=codes, beside=(PROMPT, strength))
        elsewhere = await ours(stages, noise, options, prompt=cover, codes=codes, beside=(PROMPT, strength / 2 + 0.1))
    assert relative_error(latents, expected) <= 1e-3
    assert relative_error(elsewhere, expected) > 2e-3, "the comparison must notice the strength"


@pytest.mark.parametrize(("steps", "shift"), [(8, 1.0), (10, 3.0)])
async def test_base_with_guidance(tiny_models: Path, steps: int, shift: float) -> None:
    noise = torch.randn(131, 8, generator=torch.Generator().manual_seed(steps))
    pipeline = reference_pipeline(tiny_models, "acestep-v15-base")
    expected = theirs(pipeline, noise, "latent", num_inference_steps=steps, shift=shift, guidance_scale=7.0)
    async with engines(tiny_models, "acestep-v15-base") as stages:
        latents = await ours(stages, noise, SamplingOptions(steps=steps, shift=shift, guidance_scale=7.0))
    assert relative_error(latents, expected) <= 1e-3


async def test_the_guidance_interval_is_mirrored(tiny_models: Path) -> None:
    """Ours is of t, as in the official app; diffusers' is of 1 - t. The mirrored interval gives the same latents."""
    noise = torch.randn(130, 8, generator=torch.Generator().manual_seed(3))
    options = SamplingOptions(steps=8, shift=1.0, guidance_scale=5.0, guidance_interval=(0.55, 1.0))
    pipeline = reference_pipeline(tiny_models, "acestep-v15-base")
    expected = theirs(
        pipeline, noise, "latent", num_inference_steps=8, shift=1.0, guidance_scale=5.0, cfg_interval_end=0.45
    )
    async with engines(tiny_models, "acestep-v15-base") as stages:
        latents = await ours(stages, noise, options)
    assert relative_error(latents, expected) <= 1e-3


async def test_reference_audio(tiny_models: Path) -> None:
    """30 s of reference; the mean of the posterior on both sides, where diffusers would draw an unseeded sample."""
    noise = torch.randn(130, 8, generator=torch.Generator().manual_seed(4))
    reference = torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (30 * 48_000, 2)).astype(np.float32))
    pipeline = reference_pipeline(tiny_models, "acestep-v15-turbo")
    with torch.inference_mode():
        mean = pipeline.vae.encode(reference.T[None]).latent_dist.mean.transpose(1, 2)
    async with engines(tiny_models, "acestep-v15-turbo") as stages:
        latents_of_reference = (await stages.vae.encode(AudioItem(reference), None)).result
        latents = await ours(stages, noise, SamplingOptions(steps=8, shift=3.0), latents_of_reference)
    assert relative_error(latents_of_reference, mean[0]) <= 1e-4
    pipeline.prepare_reference_audio_latents = lambda **_: (mean, torch.zeros(1, dtype=torch.long))
    expected = theirs(
        pipeline,
        noise,
        "latent",
        num_inference_steps=8,
        shift=3.0,
        guidance_scale=1.0,
        reference_audio=reference.T,
    )
    assert relative_error(latents, expected) <= 1e-3
