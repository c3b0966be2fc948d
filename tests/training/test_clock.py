"""Silence that tells the time: what can be read off it, and what stays silent."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.clock import with_clock
from training.vae.energies import ENERGIES

CHANNELS = 80
SILENCE = torch.linspace(-1, 1, CHANNELS).expand(1500, -1)


def test_loudnesses_stay_silent() -> None:
    assert torch.equal(with_clock(SILENCE)[:, -ENERGIES:], SILENCE[:, -ENERGIES:])


def test_latents_without_room_for_waves_stay_as_they_are() -> None:
    few = SILENCE[:, : ENERGIES + 1]
    assert torch.equal(with_clock(few), few)


@given(bpm=st.integers(60, 180), start=st.floats(0, 40))
def test_beats_of_any_tempo_are_a_sum_of_its_waves(bpm: int, start: float) -> None:
    """For eight seconds from anywhere, as the first layer of a network could add them up."""
    first = round(25 * start)
    waves = (with_clock(SILENCE) - SILENCE)[first : first + 200, :-ENERGIES].double()
    seconds = torch.arange(first, first + 200, dtype=torch.float64) / 25
    beats = torch.cos(2 * math.pi * bpm / 60 * seconds)[:, None]
    found = waves @ torch.linalg.lstsq(waves, beats).solution
    assert (found - beats).square().mean() < 1e-3 * beats.square().mean()


def test_no_two_places_of_a_song_are_alike() -> None:
    clock = with_clock(SILENCE)[:, : CHANNELS - ENERGIES]
    distances = torch.cdist(clock, clock) + 10 * torch.eye(len(clock))
    assert float(distances.min()) > 1
