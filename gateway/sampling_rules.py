"""Rules of a song's sampling settings."""

from __future__ import annotations

from quartet.v1 import music_pb2
from quartet.validation import Violations
from serving import rules

MAX_LATENT_SHIFT = 0.2
MIN_LATENT_RESCALE, MAX_LATENT_RESCALE = 0.5, 1.5


def check_sampling(sampling: music_pb2.SongSampling, check: Violations, path: str) -> None:
    """Notes what is wrong with how a song is to be sampled, at a path of the request."""
    rules.check_schedule(sampling.schedule, check, f"{path}.schedule")
    rules.check_method(sampling.method, check, f"{path}.method")
    rules.check_guidance(sampling.guidance, check, f"{path}.guidance")
    if sampling.HasField("wavelet_correction"):
        rules.check_wavelet_correction(sampling.wavelet_correction, check, f"{path}.wavelet_correction")
    rules.check_velocity_clamp(sampling.velocity_clamp, check, f"{path}.velocity_clamp")
    rules.check_velocity_ema(sampling.velocity_ema, check, f"{path}.velocity_ema")
    check.within(sampling.latent_shift, -MAX_LATENT_SHIFT, MAX_LATENT_SHIFT, f"{path}.latent_shift")
    if sampling.HasField("latent_rescale"):
        check.within(sampling.latent_rescale, MIN_LATENT_RESCALE, MAX_LATENT_RESCALE, f"{path}.latent_rescale")
