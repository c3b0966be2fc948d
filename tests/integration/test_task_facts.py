"""What each task promises of its source, from a caller's file to the file that comes back, on random weights.

- Outside of its regions a repaint changes nothing at all: in samples, and in latents beyond the crossfade.
- An extension keeps every sample of its core.
- A take without variance is the song itself, and takes are the further away the more they vary.
- An edit to the same words changes nothing.
- A cover that begins with all of its source is the source, and so is a remix.
- A remix of nothing of its source is a new song, and every strength between the two makes another.
- A track that plays in regions is silent beside them.

That all stems of a song add up to it is a matter of what a model has learnt: random weights cannot keep it. What the
sampler owes to it is in `tests/services/dit/test_denoising.py`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from quartet import Client, Cover, Edit, Extend, Lego, Region, Remix, Repaint, Retake, TextToMusic
from tests.support.recording import Recorder
from tests.support.tasks import CAPTION, CROSSFADE, FRAMES, RATE, SECONDS, encoded, floats, pcm_of, sampled, wish


def test_a_repaint_changes_its_regions_and_nothing_else(
    client: Client, stages: dict[str, Recorder], source: Path
) -> None:
    song = client.generate(wish(Repaint(source, (Region(1.0, 2.0), Region(3.0)))))
    made, given = pcm_of(song), soundfile.read(source, dtype="float32")[0]
    new = np.zeros(len(made), bool)
    new[RATE - CROSSFADE : 2 * RATE + CROSSFADE] = True
    new[3 * RATE - CROSSFADE :] = True
    assert np.array_equal(made[~new], given[~new])
    assert np.abs(made[new] - given[new]).mean() > 0.01
    latents, before = floats(sampled(stages)), floats(encoded(stages))
    # Half of the longest crossfade, one second, is that of a balanced repaint.
    kept = np.r_[: 25 - 12, 50 + 12 : 75 - 12]
    assert np.array_equal(latents[kept], before[kept])
    written = np.r_[25:50, 75:FRAMES]
    assert np.abs(latents[written] - before[written]).mean() > 0.1


def test_an_extension_keeps_its_core_bit_by_bit(client: Client, source: Path) -> None:
    song = client.generate(wish(Extend(source, before=1.0, after=2.0)))
    made, given = pcm_of(song), soundfile.read(source, dtype="float32")[0]
    assert len(made) == 7 * RATE
    core = slice(CROSSFADE, len(given) - CROSSFADE)
    assert np.array_equal(made[RATE : RATE + len(given)][core], given[core])


def test_takes_are_the_further_away_the_more_they_vary(client: Client) -> None:
    song = wish(TextToMusic(), duration=2.0)
    first = pcm_of(client.generate(song))
    takes = [client.generate(song, task=Retake(variance, (9,))) for variance in (0.0, 0.1, 0.4, 1.0)]
    distances = [float(np.abs(pcm_of(take) - first).mean()) for take in takes]
    assert distances[0] == 0
    assert distances == sorted(set(distances))
    assert [take.record.items[0].variation_seed for take in takes] == [9] * 4


def test_an_edit_to_the_same_words_changes_nothing(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    client.generate(wish(Edit(source, CAPTION)))
    before = floats(encoded(stages))
    assert np.abs(floats(sampled(stages)) - before).max() <= 1e-5
    client.generate(wish(Edit(source, "a loud brass band")))
    assert np.abs(floats(sampled(stages)) - before).max() > 1e-3


@pytest.mark.parametrize("task", [Cover("", noise_strength=1.0), Remix("", strength=1.0)])
def test_all_of_a_source_is_the_source(
    client: Client, stages: dict[str, Recorder], source: Path, task: Cover | Remix
) -> None:
    client.generate(wish(dataclasses.replace(task, source=source)))
    assert sampled(stages) == encoded(stages)


def test_nothing_of_a_source_is_a_new_song(client: Client, source: Path) -> None:
    """Of the same seed, bit by bit."""
    song = client.generate(wish(TextToMusic(), duration=SECONDS))
    assert client.generate(wish(Remix(source, 0.0))).files == song.files


def test_every_strength_of_a_remix_has_its_own_effect(client: Client, source: Path) -> None:
    """Also those between the levels of the schedule, here 1 and 0.5."""
    songs = [client.generate(wish(Remix(source, strength))) for strength in (0.2, 0.25, 0.3)]
    assert len({song.files for song in songs}) == len(songs)
    assert [song.record.items[0].timesteps for song in songs] == [
        pytest.approx((level, level / 2)) for level in (0.8, 0.75, 0.7)
    ]


def test_a_track_is_silent_beside_its_regions(
    client: Client, stages: dict[str, Recorder], source: Path, tiny_models: Path
) -> None:
    """One frame beside them goes over to silence, which in latents is that of the codec."""
    made = pcm_of(client.generate(wish(Lego(source, "guitar", (Region(1.0, 3.0),)))))
    assert not made[: RATE - CROSSFADE].any()
    assert not made[3 * RATE + CROSSFADE :].any()
    assert made[RATE : 3 * RATE].any(axis=1).mean() > 0.9
    silence = torch.load(tiny_models / "acestep-v15-base" / "silence_latent.pt", weights_only=True)[0].T.numpy()
    distance = np.abs(floats(sampled(stages)) - silence[:FRAMES]).max(axis=1)
    assert (np.flatnonzero(distance) == np.arange(24, 76)).all()
