"""Every task, from a caller's request through gateway and stages, ends with the latents of diffusers' pipeline.

Where the official application differs from diffusers, the test names the row of spec/model.md §6, and the formula of
the official one is written out in `official_sampler`. Left out: the wavelet correction, which diffusers does not know,
and the codec, which `test_pipeline_parity` and `test_vae_parity` compare.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from quartet import Complete, Cover, Extend, Extract, Lego, Region, Remix, Repaint
from quartet.tasks import TextToMusic
from quartet.v1 import dit_pb2, vae_pb2
from tests.parity import official_sampler
from tests.parity.chain_pair import FRAMES, SHIFT, STEPS, WISH, Pair, chain_pair, latents_of, noise
from tests.parity.official_sampler import Held, View, context
from tests.parity.tolerance import relative_error

RATE = 48_000
LEVELS = official_sampler.levels(STEPS, SHIFT)
TOLERANCE = 1e-3
# What another setting must change, for the comparison to notice it.
NOTICED = 2e-3
FOLLOW_WORDS = "Fill the audio semantic mask based on the given conditions:"
FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"
REPAINT = "Repaint the mask area based on the given conditions:"


@dataclass(frozen=True)
class Source:
    """A song of ours: the id of its audio, and its latents [frames, channels], which are kept beside it."""

    audio_id: str
    latents: torch.Tensor


def chosen(first: int, last: int, frames: int = FRAMES) -> torch.Tensor:
    """True in [first, last)."""
    return torch.tensor([first <= number < last for number in range(frames)])


@pytest.fixture(scope="module")
def pair(tiny_models: Path, vae_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with chain_pair(tiny_models, "acestep-v15-base", vae_address, tmp_path_factory.mktemp("gateway")) as pair:
        yield pair


@pytest.fixture(scope="module")
def source(pair: Pair) -> Source:
    song = pair.client.generate(dataclasses.replace(WISH, seeds=(3,), duration=FRAMES / 25))
    latents = latents_of(pair.dit.responses("Sample", dit_pb2.SampleResponse)[-1].result.latents)
    pair.encoded[FRAMES] = latents
    return Source(song.record.items[0].audio_id, latents)


def test_text_to_music(pair: Pair) -> None:
    expected = pair.theirs("text2music", src_audio=None, audio_duration=FRAMES / 25)
    assert relative_error(pair.ours(TextToMusic(), duration=FRAMES / 25), expected) <= TOLERANCE


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_cover_that_weighs_its_source(pair: Pair, source: Source, strength: float) -> None:
    """Row 15: diffusers weighs both velocities at every step, which `blend` asks for."""
    expected = pair.theirs("cover", audio_cover_strength=strength)
    cover = Cover(source.audio_id, strength=strength, blend=True)
    assert relative_error(pair.ours(cover), expected) <= TOLERANCE
    assert relative_error(pair.ours(dataclasses.replace(cover, strength=0.3)), expected) > NOTICED


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_a_cover_that_leaves_its_source_on_the_way(pair: Pair, source: Source, scale: float) -> None:
    """Row 15: officially step int(n a) and those behind it follow the words alone; with 1 and 0 that is diffusers'
    cover, and its text2music."""
    follows = View(pair.condition(FOLLOW_CODES), context(pair.hints(source.latents)))
    leaves = View(pair.condition(FOLLOW_WORDS), context(pair.silence()))
    expected = {
        0.0: pair.theirs("text2music", src_audio=None, audio_duration=FRAMES / 25, guidance_scale=scale),
        0.5: official_sampler.sample(pair.pipeline, noise(), LEVELS, [follows] * 2 + [leaves] * 3, scale=scale),
        1.0: pair.theirs("cover", guidance_scale=scale),
    }
    for strength, latents in expected.items():
        cover = Cover(source.audio_id, strength=strength)
        assert relative_error(pair.ours(cover, guidance=scale), latents) <= TOLERANCE, strength
    assert relative_error(expected[0.5], expected[0.0]) > NOTICED
    assert relative_error(expected[0.5], expected[1.0]) > NOTICED


def test_a_song_that_leaves_its_codes_on_the_way(pair: Pair, source: Source) -> None:
    """Row 15 of songs that follow codes, which diffusers cannot: they are as long as their codes."""
    codes = pair.client.understand(source.audio_id).codes
    frames = 5 * len(codes)
    follows = View(pair.condition(FOLLOW_CODES, frames), context(pair.hints(source.latents, frames)))
    leaves = View(pair.condition(FOLLOW_WORDS, frames), context(pair.silence(frames)))
    expected = {
        strength: official_sampler.sample(
            pair.pipeline, noise(frames), LEVELS, [follows] * steps + [leaves] * (STEPS - steps)
        )
        for strength, steps in ((None, STEPS), (0.5, 2), (0.0, 0))
    }
    for strength, latents in expected.items():
        assert relative_error(pair.ours(TextToMusic(codes, strength)), latents) <= TOLERANCE, strength
    assert relative_error(expected[0.5], expected[0.0]) > NOTICED
    assert relative_error(expected[0.5], expected[None]) > NOTICED


def test_a_cover_of_the_latents_themselves(pair: Pair, source: Source) -> None:
    """Official cover-nofsq (§4.6), which diffusers has not."""
    view = View(pair.condition(FOLLOW_CODES), context(source.latents))
    expected = official_sampler.sample(pair.pipeline, noise(), LEVELS, [view] * STEPS)
    assert relative_error(pair.ours(Cover(source.audio_id, from_latents=True)), expected) <= TOLERANCE
    assert relative_error(pair.theirs("cover"), expected) > NOTICED


def test_a_cover_that_begins_with_its_noisy_source(pair: Pair, source: Source) -> None:
    """Row 28: the level nearest to 1 - s begins, and the switch counts the steps from there (§4.8)."""
    shorter = LEVELS[2:]
    assert min(LEVELS, key=lambda t: abs(t - 0.75)) == shorter[0]
    follows = View(pair.condition(FOLLOW_CODES), context(pair.hints(source.latents)))
    leaves = View(pair.condition(FOLLOW_WORDS), context(pair.silence()))
    expected = official_sampler.sample(pair.pipeline, noise(), shorter, [follows, leaves, leaves], start=source.latents)
    cover = Cover(source.audio_id, strength=0.5, noise_strength=0.25)
    assert relative_error(pair.ours(cover), expected) <= TOLERANCE
    assert relative_error(pair.ours(dataclasses.replace(cover, strength=1.0)), expected) > NOTICED


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_a_remix_begins_with_its_noisy_source(pair: Pair, source: Source, strength: float) -> None:
    """Audio to audio (spec/v1.md §2.3): all steps, from the very level 1 - s."""
    view = View(pair.condition(FOLLOW_WORDS), context(pair.silence()))
    scaled = [(1 - strength) * t for t in LEVELS]
    expected = official_sampler.sample(pair.pipeline, noise(), scaled, [view] * STEPS, start=source.latents)
    assert relative_error(pair.ours(Remix(source.audio_id, strength)), expected) <= TOLERANCE
    assert relative_error(pair.ours(Remix(source.audio_id, strength + 0.02)), expected) > NOTICED


@pytest.mark.parametrize(("start", "end"), [(1.2, 3.4), (2.0, None)])
def test_a_repaint_that_holds_nothing(pair: Pair, source: Source, start: float, end: float | None) -> None:
    """Rows 17 and 19: diffusers tells the network what to write and leaves it alone, which is mode aggressive."""
    expected = pair.theirs("repaint", repainting_start=start, repainting_end=end)
    repaint = Repaint(source.audio_id, (Region(start, end),), mode="aggressive")
    assert relative_error(pair.ours(repaint), expected) <= TOLERANCE
    elsewhere = dataclasses.replace(repaint, regions=(Region(start + 0.2, end),))
    assert relative_error(pair.ours(elsewhere), expected) > NOTICED


def test_a_repaint_with_guidance(pair: Pair, source: Source) -> None:
    expected = pair.theirs("repaint", repainting_start=1.2, repainting_end=3.4, guidance_scale=5.0)
    repaint = Repaint(source.audio_id, (Region(1.2, 3.4),), mode="aggressive")
    assert relative_error(pair.ours(repaint, guidance=5.0), expected) <= TOLERANCE


def test_regions_begin_at_whole_samples(pair: Pair, source: Source) -> None:
    """Row 18: 1.16 s are frame 29; in diffusers 1.16 * 25 falls short of it and is cut to 28."""
    repaint = Repaint(source.audio_id, (Region(1.16, 3.4),), mode="aggressive")
    expected = pair.theirs("repaint", repainting_start=29.5 / 25, repainting_end=3.4)
    assert relative_error(pair.ours(repaint), expected) <= TOLERANCE
    assert relative_error(pair.theirs("repaint", repainting_start=1.16, repainting_end=3.4), expected) > NOTICED


@pytest.mark.parametrize(
    ("options", "injection", "crossfade_frames"),
    [({}, 0.5, 12), ({"strength": 0.2}, 0.8, 20), ({"mode": "conservative"}, 1.0, 25)],
)
def test_a_repaint_that_holds_the_rest(
    pair: Pair, source: Source, options: dict[str, Any], injection: float, crossfade_frames: int
) -> None:
    """Row 19: officially what is kept is injected after steps and blended at the end (§4.7)."""
    free = chosen(30, 85)
    heard = torch.where(free[:, None], pair.silence(), source.latents)
    view = View(pair.condition(REPAINT), context(heard, free))
    held = Held(source.latents, free, injection, crossfade_frames)
    expected = official_sampler.sample(pair.pipeline, noise(), LEVELS, [view] * STEPS, held=held)
    repaint = Repaint(source.audio_id, (Region(1.2, 3.4),), **options)
    assert relative_error(pair.ours(repaint), expected) <= TOLERANCE
    others = [(injection - 0.4, crossfade_frames), (injection, crossfade_frames - 1)]
    # Injected after the last step, all that a crossfade would blend is held already.
    for other in others[: 1 if injection == 1 else 2]:
        held_otherwise = Held(source.latents, free, *other)
        elsewhere = official_sampler.sample(pair.pipeline, noise(), LEVELS, [view] * STEPS, held=held_otherwise)
        assert relative_error(elsewhere, expected) > NOTICED


def test_a_repaint_that_may_write_everywhere(pair: Pair, source: Source) -> None:
    """Row 17: in the mode "auto" of newer official applications the mask is 1 everywhere, and they hold as before."""
    free = chosen(30, 85)
    heard = torch.where(free[:, None], pair.silence(), source.latents)
    view = View(pair.condition(REPAINT), context(heard))
    held = Held(source.latents, free, 0.5, 12)
    expected = official_sampler.sample(pair.pipeline, noise(), LEVELS, [view] * STEPS, held=held)
    repaint = Repaint(source.audio_id, (Region(1.2, 3.4),), free_mask=True)
    assert relative_error(pair.ours(repaint), expected) <= TOLERANCE
    masked = pair.theirs("repaint", repainting_start=1.2, repainting_end=3.4)
    assert relative_error(masked, expected) > NOTICED


def test_an_extension_is_a_balanced_repaint_of_a_longer_song(pair: Pair, source: Source) -> None:
    """Row 18: officially a repaint beyond the ends of its source, which diffusers cannot do."""
    frames = 30 + FRAMES + 40
    free = ~chosen(30, 30 + FRAMES, frames)
    longer = pair.silence(frames).clone()
    longer[30 : 30 + FRAMES] = source.latents
    view = View(pair.condition(REPAINT, frames), context(longer, free))
    held = Held(longer, free, 0.5, 12)
    expected = official_sampler.sample(pair.pipeline, noise(frames), LEVELS, [view] * STEPS, held=held)
    assert relative_error(pair.ours(Extend(source.audio_id, before=1.2, after=1.6)), expected) <= TOLERANCE


@pytest.mark.parametrize("regions", [(), (Region(1.2, 3.4),)])
def test_one_more_track(pair: Pair, source: Source, regions: tuple[Region, ...]) -> None:
    """Row 20: the whole source is heard, the mask says where the track may be; beside it ours is silent within a
    frame."""
    span = {"repainting_start": 1.2, "repainting_end": 3.4} if regions else {}
    expected = pair.theirs("lego", track_name="guitar", **span)
    if regions:
        weights = chosen(30, 85).float()[:, None]
        weights[29] = weights[85] = 0.5
        expected = weights * expected + (1 - weights) * pair.silence()
    lego = Lego(source.audio_id, "guitar", regions)
    assert relative_error(pair.ours(lego), expected) <= TOLERANCE
    assert relative_error(pair.ours(dataclasses.replace(lego, track="bass")), expected) > NOTICED


def test_a_track_on_its_own(pair: Pair, source: Source) -> None:
    """Without words its name is the caption, and there are no lyrics."""
    words = {"prompt": "backing vocals", "lyrics": "[Instrumental]"}
    expected = pair.theirs("extract", track_name="backing_vocals", **words)
    extract = Extract(source.audio_id, ("backing_vocals",))
    assert relative_error(pair.ours(extract, caption="", lyrics=""), expected) <= TOLERANCE
    assert relative_error(pair.ours(extract), expected) > NOTICED


def test_a_song_around_its_tracks_that_sounds_like_another(pair: Pair, source: Source, tmp_path: Path) -> None:
    """Ten seconds of reference, which both repeat to thirty."""
    reference = np.random.default_rng(0).uniform(-0.5, 0.5, (10 * RATE, 2)).astype(np.float32)
    soundfile.write(tmp_path / "reference.wav", reference, RATE, subtype="FLOAT")
    complete = Complete(source.audio_id, ("bass", "drums"))
    latents = pair.ours(complete, reference=tmp_path / "reference.wav")
    pair.encoded[750] = latents_of(pair.vae.responses("Encode", vae_pb2.VaeServiceEncodeResponse)[-1].latents)
    options = {"complete_track_classes": ["bass", "drums"]}
    expected = pair.theirs("complete", reference_audio=torch.from_numpy(reference.T), **options)
    assert relative_error(latents, expected) <= TOLERANCE
    assert relative_error(pair.theirs("complete", **options), expected) > NOTICED
