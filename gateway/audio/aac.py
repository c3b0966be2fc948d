"""AAC, which libsndfile does not write: in MP4, or as a bare stream of ADTS frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags

from quartet.songs import AudioFormat

Pcm = npt.NDArray[np.float32]

BIT_RATE = 192_000
FRAME_SAMPLES = 1024
# Silence that the encoder puts in front of the music.
DELAY_SAMPLES = 1024
_LAYOUTS = {1: "mono", 2: "stereo"}


@contextmanager
def encoder(
    target: Path, sample_rate: int, channels: int, audio_format: AudioFormat
) -> Iterator[Callable[[Pcm], None]]:
    """A function that appends PCM [samples, channels] to a new file; leaving the block completes the file.

    MP4 says how many samples are music, so that players leave out what AAC adds at both ends; it counts in samples,
    because in milliseconds it would cut some off. What players read first comes first. ADTS has no place for that:
    `padding` goes into a tag.
    """
    container, options = "adts", {"fflags": "+bitexact"}
    if audio_format is AudioFormat.M4A:
        container = "ipod"
        options |= {"movflags": "+faststart", "movie_timescale": str(sample_rate)}
    with av.open(f"file:{target}", "w", format=container, options=options) as file:
        stream = file.add_stream("aac", rate=sample_rate)
        stream.layout = _LAYOUTS[channels]
        stream.bit_rate = BIT_RATE
        stream.codec_context.flags |= Flags.bitexact
        stream.codec_context.thread_count = 1
        written = 0

        def append(pcm: Pcm) -> None:
            nonlocal written
            planes = np.ascontiguousarray(np.clip(pcm, -1, 1).T)
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=_LAYOUTS[channels])
            frame.sample_rate, frame.pts = sample_rate, written
            written += len(pcm)
            file.mux(stream.encode(frame))

        yield append
        file.mux(stream.encode(None))


def padding(samples: int) -> int:
    """Samples that the encoder adds behind so many of music, to fill its last frame."""
    return -(samples + DELAY_SAMPLES) % FRAME_SAMPLES
