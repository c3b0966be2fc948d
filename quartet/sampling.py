"""How the DiT samples a song: the choices, and their messages."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from quartet.errors import FieldViolation, InvalidRequestError
from quartet.v1 import dit_pb2, music_pb2
from quartet.wire import chosen, optional, wire_name

if TYPE_CHECKING:
    from quartet.songs import SongSpec


class SamplerMethod(StrEnum):
    """How a sampling step moves the latents."""

    ODE = "ode"
    SDE = "sde"
    HEUN = "heun"
    PING_PONG = "ping-pong"


class GuidanceMode(StrEnum):
    """How the guided and the unguided velocity are combined."""

    APG = "apg"
    ADG = "adg"
    CFG = "cfg"


class WaveletMode(StrEnum):
    """What a wavelet correction weighs: one band, both, or the whole difference by the weight of the low band."""

    LOW = "low"
    HIGH = "high"
    DOUBLE = "double"
    PIXEL = "pixel"


class Wavelet(StrEnum):
    """What parts the bands of a wavelet correction."""

    HAAR = "haar"
    DB2 = "db2"
    DB4 = "db4"
    SYM4 = "sym4"
    SYM8 = "sym8"
    COIF2 = "coif2"


def sampling_message(song: SongSpec) -> music_pb2.SongSampling:
    """The sampling settings of a song. Raises ValueError for unknown names, and InvalidRequestError where a wavelet is
    chosen for a correction without weights, which the message could not tell from one that is off."""
    start, end = song.guidance_interval or (None, None)
    return music_pb2.SongSampling(
        schedule=dit_pb2.Schedule(
            steps=song.steps, shift=song.shift, timesteps=song.timesteps, snap=song.snap_timesteps
        ),
        method=wire_name(SamplerMethod, song.method, "SAMPLER_METHOD"),
        guidance=dit_pb2.Guidance(
            scale=song.guidance,
            mode=wire_name(GuidanceMode, song.guidance_mode, "GUIDANCE_MODE"),
            interval_start=start,
            interval_end=end,
        ),
        wavelet_correction=_correction_message(song),
        velocity_clamp=song.velocity_clamp,
        velocity_ema=song.velocity_ema,
        latent_shift=song.latent_shift,
        latent_rescale=song.latent_rescale,
    )


def sampling_fields(message: music_pb2.SongSampling) -> dict[str, Any]:
    """The fields of a SongSpec that sampling settings stand for."""
    schedule, guidance, correction = message.schedule, message.guidance, message.wavelet_correction
    has_interval = guidance.HasField("interval_start") or guidance.HasField("interval_end")
    end = guidance.interval_end if guidance.HasField("interval_end") else 1.0
    return {
        "steps": schedule.steps,
        "shift": optional(schedule, "shift"),
        "timesteps": tuple(schedule.timesteps),
        "snap_timesteps": schedule.snap,
        "method": chosen(SamplerMethod, dit_pb2.SamplerMethod, message.method, "SAMPLER_METHOD"),
        "guidance": optional(guidance, "scale"),
        "guidance_mode": chosen(GuidanceMode, dit_pb2.GuidanceMode, guidance.mode, "GUIDANCE_MODE"),
        "guidance_interval": (guidance.interval_start, end) if has_interval else None,
        "wavelet_correction": (correction.low, correction.high) if message.HasField("wavelet_correction") else None,
        "wavelet_mode": chosen(WaveletMode, dit_pb2.WaveletMode, correction.mode, "WAVELET_MODE"),
        "wavelet": chosen(Wavelet, dit_pb2.Wavelet, correction.wavelet, "WAVELET"),
        "velocity_clamp": optional(message, "velocity_clamp"),
        "velocity_ema": optional(message, "velocity_ema"),
        "latent_shift": optional(message, "latent_shift"),
        "latent_rescale": optional(message, "latent_rescale"),
    }


def _correction_message(song: SongSpec) -> dit_pb2.WaveletCorrection | None:
    mode = wire_name(WaveletMode, song.wavelet_mode, "WAVELET_MODE")
    wavelet = wire_name(Wavelet, song.wavelet, "WAVELET")
    if song.wavelet_correction is None:
        if song.wavelet_mode or song.wavelet:
            reason = "is open; a wavelet and its mode need weights, such as (0.05, 0.02)"
            raise InvalidRequestError.of([FieldViolation("song.sampling.wavelet_correction", reason)])
        return None
    low, high = song.wavelet_correction
    return dit_pb2.WaveletCorrection(low=low, high=high, mode=mode, wavelet=wavelet)
