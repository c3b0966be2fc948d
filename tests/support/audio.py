"""Audio files for tests, also in formats that only FFmpeg knows."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt

from quartet.audio_files import opened

Pcm = npt.NDArray[np.float32]


def tone(seconds: float, rate: int, channels: int, hertz: float = 440.0) -> Pcm:
    """A sine of half the full scale, [samples, channels]."""
    time = np.arange(int(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * hertz * time)[:, None], channels, axis=1).astype(np.float32)


def decoded(path: Path) -> tuple[Pcm, int]:
    """A whole file as [samples, channels], and its sample rate."""
    with opened(path) as file:
        return np.concatenate(list(file.blocks())), file.sample_rate


def write_with_ffmpeg(path: Path, pcm: Pcm, rate: int, codec: str, container: str) -> Path:
    """Encodes PCM [samples, 1 or 2]."""
    layout = "mono" if pcm.shape[1] == 1 else "stereo"
    options = {"movflags": "+faststart", "movie_timescale": str(rate)} if container in ("ipod", "mp4") else {}
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = cast(av.AudioStream, file.add_stream(codec, rate=rate))
        stream.layout = layout
        stream.bit_rate = 128_000
        for start in range(0, len(pcm), rate):
            block = np.ascontiguousarray(pcm[start : start + rate].T)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
