"""What a SampleRequest must keep, checked field by field into a `SampleItem`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from quartet.tensors import TensorError
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.validation import Violations
from services.dit import schedule
from services.dit.engine import SampleItem
from services.dit.guidance import GuidanceMode
from services.dit.plan import SamplingOptions
from services.dit.wavelet import WaveletCorrection
from services.runtime.tensors import decode_bool, decode_float32

_MODES = {
    dit_pb2.GUIDANCE_MODE_UNSPECIFIED: GuidanceMode.APG,
    dit_pb2.GUIDANCE_MODE_APG: GuidanceMode.APG,
    dit_pb2.GUIDANCE_MODE_ADG: GuidanceMode.ADG,
    dit_pb2.GUIDANCE_MODE_CFG: GuidanceMode.CFG,
}


@dataclass(frozen=True)
class SampleLimits:
    """What a replica accepts."""

    latent_channels: int
    condition_width: int
    max_frames: int
    max_condition_tokens: int


def sample_item(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> SampleItem:
    """The item of a request. Notes every invalid field in `check`; the item is of use only where there is none."""
    frames_fit = check.that(
        1 <= request.frames <= limits.max_frames,
        "frames",
        f"is {request.frames}, must be within 1 and {limits.max_frames}",
    )
    frames = request.frames if frames_fit else None
    latents_shape = (frames, limits.latent_channels)
    condition = _condition(request, limits, check)
    return SampleItem(
        condition=torch.empty(0) if condition is None else condition,
        null_condition=_optional(request, "null_condition", (1, limits.condition_width), check),
        frames=request.frames,
        source=_optional(request, "source_latents", latents_shape, check),
        mask=_mask(request, frames, check),
        seed=request.seed,
        noise=_optional(request, "noise", latents_shape, check),
        options=_options(request, check),
        preview_every_steps=request.preview_every_steps,
    )


def _condition(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> torch.Tensor | None:
    condition = None
    with check.tensor("condition"):
        condition = decode_float32(request.condition, (None, limits.condition_width))
        if not 1 <= len(condition) <= limits.max_condition_tokens:
            raise TensorError(f"has {len(condition)} tokens, must have 1 to {limits.max_condition_tokens}")
    return condition


def _optional(
    request: dit_pb2.SampleRequest, field: str, shape: tuple[int | None, ...], check: Violations
) -> torch.Tensor | None:
    message: tensor_pb2.Tensor = getattr(request, field)
    tensor = None
    with check.tensor(field):
        if message.ByteSize():
            tensor = decode_float32(message, shape)
    return tensor


def _mask(request: dit_pb2.SampleRequest, frames: int | None, check: Violations) -> torch.Tensor | None:
    mask = None
    with check.tensor("mask"):
        if request.HasField("mask"):
            mask = decode_bool(request.mask, (frames,))
    return mask


def _options(request: dit_pb2.SampleRequest, check: Violations) -> SamplingOptions:
    asked, guidance = request.schedule, request.guidance
    check.that(
        asked.steps <= schedule.MAX_STEPS, "schedule.steps", f"is {asked.steps}, must be at most {schedule.MAX_STEPS}"
    )
    if asked.HasField("shift"):
        check.within(asked.shift, 1, 10, "schedule.shift")
    timesteps: tuple[float, ...] = ()
    if asked.timesteps:
        try:
            timesteps = schedule.custom(asked.timesteps)
        except ValueError as error:
            check.add("schedule.timesteps", str(error))
    check.that(
        request.method in dit_pb2.SamplerMethod.values(), "method", f"{request.method} is not a known sampler method"
    )
    check.that(guidance.mode in _MODES, "guidance.mode", f"{guidance.mode} is not a known guidance mode")
    if guidance.HasField("scale"):
        check.within(guidance.scale, 1, 30, "guidance.scale")
    start = guidance.interval_start if guidance.HasField("interval_start") else 0.0
    end = guidance.interval_end if guidance.HasField("interval_end") else 1.0
    start_fits = check.within(start, 0, 1, "guidance.interval_start")
    if check.within(end, 0, 1, "guidance.interval_end") and start_fits:
        check.that(start <= end, "guidance.interval_start", f"is {start:g}, must not exceed interval_end, {end:g}")
    return SamplingOptions(
        steps=asked.steps or None,
        shift=asked.shift if asked.HasField("shift") else None,
        timesteps=timesteps,
        stochastic=request.method == dit_pb2.SAMPLER_METHOD_SDE,
        guidance_scale=guidance.scale if guidance.HasField("scale") else None,
        guidance_mode=_MODES.get(guidance.mode, GuidanceMode.APG),
        guidance_interval=(start, end),
        wavelet_correction=_wavelet(request, check),
    )


def _wavelet(request: dit_pb2.SampleRequest, check: Violations) -> WaveletCorrection | None:
    if not request.HasField("wavelet_correction"):
        return None
    correction = request.wavelet_correction
    check.within(correction.low, 0, 1, "wavelet_correction.low")
    check.within(correction.high, 0, 1, "wavelet_correction.high")
    return WaveletCorrection(correction.low, correction.high)
