"""Songs from a recording of four seconds: how tests ask for them, and what they compare."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from quartet import Song, SongSpec, tensors
from quartet.tasks import Task
from quartet.v1 import dit_pb2, tensor_pb2, vae_pb2
from tests.support.recording import Recorder

RATE = 48_000
CROSSFADE = RATE // 40
CAPTION = "a slow piano over rain"
SECONDS, FRAMES = 4.0, 100

Floats = npt.NDArray[np.float32]


def wish(task: Task, **options: Any) -> SongSpec:
    """A song of a task in few steps."""
    return SongSpec(CAPTION, task=task, seeds=(7,), **{"steps": 2, "guidance": 1.0, "format": "wav32f", **options})


def pcm_of(song: Song, item: int = 0) -> Floats:
    """The samples [samples, channels] of an item."""
    return np.asarray(soundfile.read(io.BytesIO(song.files[item]), always_2d=True)[0], np.float32)


def asked(stages: dict[str, Recorder]) -> dit_pb2.SampleRequest:
    """What the DiT was asked last."""
    return stages["dit"].requests("Sample", dit_pb2.SampleRequest)[-1]


def sampled(stages: dict[str, Recorder]) -> tensor_pb2.Tensor:
    """The latents that the DiT sent last."""
    return stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents


def encoded(stages: dict[str, Recorder]) -> tensor_pb2.Tensor:
    """The latents that the codec made of a recording last."""
    return stages["vae"].responses("Encode", vae_pb2.VaeServiceEncodeResponse)[-1].latents


def floats(message: tensor_pb2.Tensor) -> Floats:
    """Latents [frames, channels]."""
    return tensors.decode_float32(message, (None, None))
