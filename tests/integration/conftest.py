"""The base model's chain, which knows every task, and a recording to make things of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from quartet import Client
from tests.support.processes import running
from tests.support.recording import Recorder, recording
from tests.support.tasks import RATE, SECONDS


@pytest.fixture(scope="session")
def stages(tiny_models: Path, vae_address: str) -> Iterator[dict[str, Recorder]]:
    """The stages of the base model, which knows single tracks, with a recorder before each."""
    family = ("--models", str(tiny_models), "--variant", "acestep-v15-base")
    with (
        running("services.encoder", *family) as encoder,
        running("services.dit", *family) as dit,
        recording(encoder.address) as encoding,
        recording(dit.address) as sampling,
        recording(vae_address) as coding,
    ):
        yield {"encoder": encoding, "dit": sampling, "vae": coding}


@pytest.fixture(scope="session")
def base_address(stages: dict[str, Recorder], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway in front of them."""
    addresses = [part for stage, recorder in stages.items() for part in (f"--{stage}", recorder.address)]
    data = tmp_path_factory.mktemp("base-gateway")
    with running("gateway", *addresses, "--port", "0", "--data", str(data)) as server:
        yield server.address


@pytest.fixture(scope="session")
def client(base_address: str) -> Iterator[Client]:
    """A client of it."""
    with Client(base_address) as client:
        yield client


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of four seconds, quieter than what is made."""
    path = tmp_path_factory.mktemp("source") / "source.wav"
    time = np.arange(int(SECONDS * RATE)) / RATE
    tones = [np.sin(2 * np.pi * frequency * time) for frequency in (220, 331)]
    soundfile.write(path, 0.3 * np.stack(tones, axis=1), RATE, subtype="FLOAT")
    return path
