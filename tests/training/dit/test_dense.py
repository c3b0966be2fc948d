"""The transformer laid out for training computes what is served, and its gradients are those of autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from services.dit.config import DitConfig
from services.dit.model import Branch, DiffusionTransformer
from training.dit.dense import Dense
from training.model_configs import NANO, dit_config
from training.weights import initialise

CONFIG = DitConfig.from_json(dit_config(NANO, "base", "float32"))
LEVELS = (0.1, 0.5, 1.0)


@pytest.fixture(scope="module")
def transformer() -> DiffusionTransformer:
    torch.manual_seed(0)
    network = DiffusionTransformer(CONFIG)
    initialise(network, 0)
    for weight in network.parameters():
        weight.data += 0.05 * torch.randn_like(weight)
    return network


@pytest.mark.parametrize("frames", [1, 101, 300], ids=["one", "odd", "longer than the window"])
def test_velocities_and_gradients_are_those_of_the_served_transformer(
    transformer: DiffusionTransformer, frames: int
) -> None:
    random = torch.Generator().manual_seed(frames)
    noisy = torch.randn(3, frames, CONFIG.audio_acoustic_hidden_dim, generator=random)
    context = torch.randn(3, frames, 2 * CONFIG.audio_acoustic_hidden_dim, generator=random)
    conditions = [torch.randn(tokens, CONFIG.encoder_hidden_size, generator=random) for tokens in (7, 20, 13)]

    def served() -> torch.Tensor:
        caches = [transformer.cache_condition(condition) for condition in conditions]
        return torch.stack(transformer([Branch(*each) for each in zip(noisy, context, caches, LEVELS, strict=True)]))

    def dense() -> torch.Tensor:
        return Dense(transformer).states(list(noisy), list(context), LEVELS, conditions)[-1]

    wanted, found = (_with_gradients(transformer, compute) for compute in (served, dense))
    for name, tensor in wanted.items():
        assert (found[name] - tensor).norm() <= 1e-4 * tensor.norm(), name


def _with_gradients(network: torch.nn.Module, compute: Callable[[], torch.Tensor]) -> dict[str, torch.Tensor]:
    network.zero_grad()
    velocities = compute()
    weights = torch.linspace(-1, 1, velocities.numel()).view_as(velocities)
    (velocities * weights).mean().backward()  # type: ignore[no-untyped-call]
    gradients = {name: weight.grad for name, weight in network.named_parameters() if weight.grad is not None}
    return {"": velocities.detach(), **{name: gradient.clone() for name, gradient in gradients.items()}}
