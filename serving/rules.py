"""Rules of the messages that the gateway and the DiT both take: what one accepts, the other never refuses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from quartet.v1 import dit_pb2
from quartet.validation import Violations

MAX_STEPS = 200
MAX_EDIT_DRAWS = 8
MAX_VELOCITY_CLAMP = 5.0
MAX_VELOCITY_EMA = 0.5


def custom_timesteps(timesteps: Sequence[float]) -> tuple[float, ...]:
    """Noise levels as given, without a final 0. Raises ValueError where they cannot be a schedule."""
    levels = tuple(timesteps[:-1] if len(timesteps) > 1 and timesteps[-1] == 0 else timesteps)
    if len(levels) > MAX_STEPS:
        raise ValueError(f"has {len(levels)} levels, at most {MAX_STEPS} are allowed")
    if not all(0 < level <= 1 for level in levels):
        raise ValueError("every level must be above 0 and at most 1; only the last may be 0")
    if any(later >= earlier for earlier, later in pairwise(levels)):
        raise ValueError("levels must fall")
    return levels


def check_schedule(schedule: dit_pb2.Schedule, check: Violations, path: str) -> None:
    """Notes what is wrong with a schedule at a path of the request."""
    check.that(schedule.steps <= MAX_STEPS, f"{path}.steps", f"is {schedule.steps}, must be at most {MAX_STEPS}")
    if schedule.HasField("shift"):
        check.within(schedule.shift, 1, 10, f"{path}.shift")
    try:
        custom_timesteps(schedule.timesteps)
    except ValueError as error:
        check.add(f"{path}.timesteps", str(error))


def check_method(method: dit_pb2.SamplerMethod, check: Violations, path: str) -> None:
    """Notes an unknown sampler method."""
    check.that(method in dit_pb2.SamplerMethod.values(), path, f"{method} is not a known sampler method")


def check_guidance(guidance: dit_pb2.Guidance, check: Violations, path: str) -> None:
    """Notes what is wrong with guidance at a path of the request."""
    known = guidance.mode in dit_pb2.GuidanceMode.values()
    check.that(known, f"{path}.mode", f"{guidance.mode} is not a known guidance mode")
    if guidance.HasField("scale"):
        check.within(guidance.scale, 1, 30, f"{path}.scale")
    start, end = guidance_interval(guidance)
    start_fits = check.within(start, 0, 1, f"{path}.interval_start")
    if check.within(end, 0, 1, f"{path}.interval_end") and start_fits:
        check.that(start <= end, f"{path}.interval_start", f"is {start:g}, must not exceed interval_end, {end:g}")


def guidance_interval(guidance: dit_pb2.Guidance) -> tuple[float, float]:
    """Start and end of the noise levels at which guidance acts."""
    start = guidance.interval_start if guidance.HasField("interval_start") else 0.0
    return start, guidance.interval_end if guidance.HasField("interval_end") else 1.0


def has_interval(guidance: dit_pb2.Guidance) -> bool:
    """Whether a request says at which noise levels guidance acts."""
    return guidance.HasField("interval_start") or guidance.HasField("interval_end")


def check_velocity_clamp(clamp: float, check: Violations, path: str) -> None:
    """Notes a clamp of velocities that is out of range."""
    check.within(clamp, 0, MAX_VELOCITY_CLAMP, path)


def check_velocity_ema(share: float, check: Violations, path: str) -> None:
    """Notes a share of the previous velocity that is out of range."""
    check.within(share, 0, MAX_VELOCITY_EMA, path)


def check_wavelet_correction(correction: dit_pb2.WaveletCorrection, check: Violations, path: str) -> None:
    """Notes what is wrong with a correction at a path of the request."""
    check.within(correction.low, 0, 1, f"{path}.low")
    check.within(correction.high, 0, 1, f"{path}.high")
    known = correction.mode in dit_pb2.WaveletMode.values()
    check.that(known, f"{path}.mode", f"{correction.mode} is not a known wavelet mode")
    known = correction.wavelet in dit_pb2.Wavelet.values()
    check.that(known, f"{path}.wavelet", f"{correction.wavelet} is not a known wavelet")


def check_edit_steps(n_min: float, n_max: float, check: Violations, path: str) -> None:
    """Notes shares of the steps of an edit that are none, or not in order."""
    low_fits = check.within(n_min, 0, 1, f"{path}.n_min")
    if check.within(n_max, 0, 1, f"{path}.n_max") and low_fits:
        check.that(n_min <= n_max, f"{path}.n_min", f"is {n_min:g}, must not exceed n_max, {n_max:g}")
