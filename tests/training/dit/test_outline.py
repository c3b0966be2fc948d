"""What is asked of the words: how a clip sounds on the whole, and after how many frames it repeats."""

import torch

from training.dit.outline import outline_of, outline_size

CHANNELS = 3
FIRST_LAG = 5


def test_an_outline_begins_with_the_mean_of_each_channel() -> None:
    latents = torch.randn(100, CHANNELS, generator=torch.Generator().manual_seed(0))
    found = outline_of(latents)
    assert found.shape == (outline_size(CHANNELS),)
    torch.testing.assert_close(found[:CHANNELS], latents.mean(dim=0))


def test_it_tells_the_beat() -> None:
    for beat in (9, 12, 25):
        clicks = (torch.arange(250) % beat == 0).float()[:, None].expand(-1, CHANNELS)
        repeats = outline_of(clicks)[CHANNELS:]
        assert repeats[beat - FIRST_LAG] > 0.9 * repeats.max()
        assert repeats[beat - FIRST_LAG + 1] < 0


def test_a_clip_of_a_few_frames_repeats_nothing_late() -> None:
    found = outline_of(torch.randn(8, CHANNELS, generator=torch.Generator().manual_seed(0)))
    assert torch.isfinite(found).all()
    assert (found[CHANNELS + 3 :] == 0).all()
