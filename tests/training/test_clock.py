"""Silence that tells the time: what can be read off it, and what stays silent."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.clock import with_clock
from training.synth.tempos import BARS_PER_MINUTE
from training.vae.energies import ENERGIES

CHANNELS = 80
SILENCE = torch.linspace(-1, 1, CHANNELS).expand(1500, -1)


def test_loudnesses_stay_silent() -> None:
    assert torch.equal(with_clock(SILENCE)[:, -ENERGIES:], SILENCE[:, -ENERGIES:])


def test_latents_without_room_for_waves_stay_as_they_are() -> None:
    few = SILENCE[:, : ENERGIES + 1]
    assert torch.equal(with_clock(few), few)


@given(tempo=st.integers(0, len(BARS_PER_MINUTE) - 1))
def test_bars_of_every_tempo_can_be_read_off_two_channels(tempo: int) -> None:
    waves = (with_clock(SILENCE) - SILENCE)[:, [tempo, len(BARS_PER_MINUTE) + tempo]].double()
    bars = torch.atan2(waves[:, 1], waves[:, 0]) / (2 * math.pi)
    wanted = torch.arange(1500, dtype=torch.float64) / 25 / 60 * BARS_PER_MINUTE[tempo]
    torch.testing.assert_close((bars - wanted + 0.5) % 1, torch.full_like(bars, 0.5), atol=1e-4, rtol=0)


def test_no_two_places_of_a_song_are_alike() -> None:
    clock = with_clock(SILENCE)[:, : CHANNELS - ENERGIES]
    distances = torch.cdist(clock, clock)
    apart = (torch.arange(len(clock))[:, None] - torch.arange(len(clock))).abs()
    assert float(distances[apart == 1].min()) > 0.5
    assert float(distances[apart > 1].min()) > 1
