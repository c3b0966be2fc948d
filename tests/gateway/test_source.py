"""Latents that are kept beside the audio that they are of."""

from pathlib import Path

import numpy as np
import pytest

from gateway.artifacts import Artifact, ArtifactStore, Beside
from gateway.source import keep_latents, kept_latents
from gateway.stages import Codec

LATENTS = np.arange(12, dtype=np.float32).reshape(3, 4)
CODEC = Codec(48_000, "first")


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


@pytest.fixture
def audio(store: ArtifactStore) -> Artifact:
    with store.scratch_file() as path:
        path.write_bytes(b"music")
        return store.adopt(path, store.digest(path))


def test_kept_latents_come_back_with_their_gain(store: ArtifactStore, audio: Artifact) -> None:
    keep_latents(store, audio, Beside.LATENTS, CODEC, LATENTS, 0.5)
    keep_latents(store, audio, Beside.REFERENCE, CODEC, LATENTS[:2], 1.0)
    for beside, latents, gain in ((Beside.LATENTS, LATENTS, 0.5), (Beside.REFERENCE, LATENTS[:2], 1.0)):
        found = kept_latents(store.attachment(audio, beside), CODEC, frames=len(latents))
        assert found is not None
        assert np.array_equal(found[0], latents)
        assert found[1] == gain


def test_latents_of_another_codec_or_length_are_not_taken(store: ArtifactStore, audio: Artifact) -> None:
    keep_latents(store, audio, Beside.LATENTS, CODEC, LATENTS, 0.5)
    kept = store.attachment(audio, Beside.LATENTS)
    assert kept_latents(kept, Codec(48_000, "second"), frames=3) is None
    assert kept_latents(kept, CODEC, frames=4) is None


def test_a_broken_or_missing_file_holds_none(tmp_path: Path) -> None:
    assert kept_latents(tmp_path / "kept", CODEC, frames=3) is None
    (tmp_path / "kept").write_bytes(b"no latents")
    assert kept_latents(tmp_path / "kept", CODEC, frames=3) is None
