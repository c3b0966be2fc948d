"""Fixtures that many tests share: a tiny model family and one real server process of each stage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.processes import Server, Start, running

# How long an example takes says nothing on a machine that others share.
settings.register_profile("quartet", deadline=None)
settings.load_profile("quartet")


def pytest_configure(config: pytest.Config) -> None:
    """A cache of compiled code for each worker: librosa crashes where two fill one at once (numba issue 10128)."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["NUMBA_CACHE_DIR"] = str(config.rootpath / "out" / "numba" / worker)


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded random model family in the original layout."""
    from training.random_checkpoint import write_tiny_family

    folder = tmp_path_factory.mktemp("models")
    write_tiny_family(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def encoder_address(tiny_models: Path) -> Iterator[str]:
    """An encoder that serves the tiny turbo model."""
    with running("services.encoder", "--models", str(tiny_models)) as server:
        yield server.address


@pytest.fixture(scope="session")
def dit_address(tiny_models: Path) -> Iterator[str]:
    """A DiT that serves the tiny turbo model."""
    with running("services.dit", "--models", str(tiny_models)) as server:
        yield server.address


@pytest.fixture(scope="session")
def vae_address(tiny_models: Path) -> Iterator[str]:
    """A VAE that serves the tiny model."""
    with running("services.vae", "--models", str(tiny_models)) as server:
        yield server.address


@pytest.fixture(scope="session")
def planner_address(tiny_models: Path) -> Iterator[str]:
    """A planner that serves the tiny language model, whose random words fill all the room that lyrics have."""
    with running("services.planner", "--models", str(tiny_models), "--max-lyric-tokens", "64") as server:
        yield server.address


@pytest.fixture(scope="session")
def gateway_address(
    encoder_address: str, dit_address: str, vae_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A gateway in front of the three stages."""
    data = tmp_path_factory.mktemp("gateway")
    stages = ("--encoder", encoder_address, "--dit", dit_address, "--vae", vae_address)
    with running("gateway", *stages, "--port", "0", "--data", str(data)) as server:
        yield server.address


@pytest.fixture(scope="session")
def planned_gateway_address(
    planner_address: str,
    encoder_address: str,
    dit_address: str,
    vae_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A gateway in front of the four stages."""
    data = tmp_path_factory.mktemp("planned-gateway")
    stages = ("--encoder", encoder_address, "--dit", dit_address, "--vae", vae_address, "--planner", planner_address)
    with running("gateway", *stages, "--port", "0", "--data", str(data)) as server:
        yield server.address


@pytest.fixture
def start_gateway(encoder_address: str, dit_address: str, vae_address: str, tmp_path: Path) -> Start:
    """Starts a gateway of the test's own, with its flags, on one data folder, in front of the shared stages."""
    stages = ("--encoder", encoder_address, "--dit", dit_address, "--vae", vae_address)

    def start(*flags: str) -> AbstractContextManager[Server]:
        return running("gateway", *stages, "--port", "0", "--data", str(tmp_path / "data"), *flags)

    return start
