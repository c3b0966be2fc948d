"""Numbers begin with embeddings that say how far apart they are."""

import torch
from torch.nn import functional

from training.numbers import start_numbers

IDS = {str(number): number for number in range(400)} | {"Ġbpm": 400, "²": 401}


def started() -> torch.Tensor:
    embeddings = torch.randn(len(IDS), 128, generator=torch.Generator().manual_seed(0))
    start_numbers(embeddings, IDS)
    return embeddings


def test_close_tempos_are_alike_and_far_ones_are_not() -> None:
    embeddings = started()
    near, far = (functional.cosine_similarity(embeddings[100], embeddings[other], dim=0) for other in (101, 150))
    assert near > 0.7
    assert far < 0.4


def test_a_ratio_is_the_same_distance_everywhere() -> None:
    embeddings = started()[:, :64]
    at_80, at_160 = (functional.cosine_similarity(embeddings[n], embeddings[n * 5 // 4], dim=0) for n in (80, 160))
    torch.testing.assert_close(at_80, at_160, rtol=0, atol=0.15)


def test_they_are_as_loud_as_other_tokens_and_nothing_else_changes() -> None:
    embeddings = started()
    drawn = torch.randn(len(IDS), 128, generator=torch.Generator().manual_seed(0))
    assert 0.5 < embeddings[1:400].std() / drawn.std() < 1.5
    assert torch.equal(embeddings[[0, 400, 401]], drawn[[0, 400, 401]])
