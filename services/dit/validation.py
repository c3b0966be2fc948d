"""What a SampleRequest must keep, checked field by field into a `SampleItem`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from quartet.tensors import TensorError
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.validation import Violations
from services.dit.guidance import GuidanceMode
from services.dit.plan import SamplerMethod, SamplingOptions
from services.dit.stepper import SampleItem
from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode
from services.runtime.tensors import decode_bool, decode_float32, decode_floating
from serving import rules

_METHODS = {
    dit_pb2.SAMPLER_METHOD_ODE: SamplerMethod.ODE,
    dit_pb2.SAMPLER_METHOD_SDE: SamplerMethod.SDE,
    dit_pb2.SAMPLER_METHOD_HEUN: SamplerMethod.HEUN,
    dit_pb2.SAMPLER_METHOD_PING_PONG: SamplerMethod.PING_PONG,
}
_GUIDANCE_MODES = {
    dit_pb2.GUIDANCE_MODE_APG: GuidanceMode.APG,
    dit_pb2.GUIDANCE_MODE_ADG: GuidanceMode.ADG,
    dit_pb2.GUIDANCE_MODE_CFG: GuidanceMode.CFG,
}
_WAVELET_MODES = {
    dit_pb2.WAVELET_MODE_UNSPECIFIED: WaveletMode.DOUBLE,
    dit_pb2.WAVELET_MODE_LOW: WaveletMode.LOW,
    dit_pb2.WAVELET_MODE_HIGH: WaveletMode.HIGH,
    dit_pb2.WAVELET_MODE_DOUBLE: WaveletMode.DOUBLE,
    dit_pb2.WAVELET_MODE_PIXEL: WaveletMode.PIXEL,
}
_WAVELETS = {
    dit_pb2.WAVELET_UNSPECIFIED: Wavelet.HAAR,
    dit_pb2.WAVELET_HAAR: Wavelet.HAAR,
    dit_pb2.WAVELET_DB2: Wavelet.DB2,
    dit_pb2.WAVELET_DB4: Wavelet.DB4,
    dit_pb2.WAVELET_SYM4: Wavelet.SYM4,
    dit_pb2.WAVELET_SYM8: Wavelet.SYM8,
    dit_pb2.WAVELET_COIF2: Wavelet.COIF2,
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
        null_condition=_null_condition(request, limits, check),
        frames=request.frames,
        source=_source(request, limits, check),
        silenced=_frames(request, "silenced", frames, check),
        mask=_frames(request, "mask", frames, check),
        seed=request.seed,
        noise=_optional(request, "noise", latents_shape, check),
        options=_options(request, check),
        preview_every_steps=request.preview_every_steps,
    )


def _condition(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> torch.Tensor | None:
    condition = None
    with check.tensor("condition"):
        condition = decode_floating(request.condition, (None, limits.condition_width))
        if not 1 <= len(condition) <= limits.max_condition_tokens:
            raise TensorError(f"has {len(condition)} tokens, must have 1 to {limits.max_condition_tokens}")
    return condition


def _null_condition(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> torch.Tensor | None:
    condition = None
    with check.tensor("null_condition"):
        if request.HasField("null_condition"):
            condition = decode_floating(request.null_condition, (1, limits.condition_width)).float()
    return condition


def _optional(
    request: dit_pb2.SampleRequest, field: str, shape: tuple[int | None, ...], check: Violations
) -> torch.Tensor | None:
    message: tensor_pb2.Tensor = getattr(request, field)
    tensor = None
    with check.tensor(field):
        if request.HasField(field):
            tensor = decode_float32(message, shape)
    return tensor


def _source(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> torch.Tensor | None:
    source = _optional(request, "source_latents", (None, limits.latent_channels), check)
    if source is not None:
        fits = 1 <= len(source) <= request.frames
        check.that(
            fits, "source_latents", f"has {len(source)} frames, must have 1 to {request.frames}, those of the result"
        )
    return source


def _frames(request: dit_pb2.SampleRequest, field: str, frames: int | None, check: Violations) -> torch.Tensor | None:
    """A choice among the frames of the result."""
    chosen = None
    with check.tensor(field):
        if request.HasField(field):
            chosen = decode_bool(getattr(request, field), (frames,))
    return chosen


def _options(request: dit_pb2.SampleRequest, check: Violations) -> SamplingOptions:
    schedule, guidance = request.schedule, request.guidance
    correction = request.wavelet_correction if request.HasField("wavelet_correction") else None
    before = len(check)
    rules.check_schedule(schedule, check, "schedule")
    rules.check_method(request.method, check, "method")
    rules.check_guidance(guidance, check, "guidance")
    if correction is not None:
        rules.check_wavelet_correction(correction, check, "wavelet_correction")
    rules.check_velocity_clamp(request.velocity_clamp, check, "velocity_clamp")
    rules.check_velocity_ema(request.velocity_ema, check, "velocity_ema")
    scale = guidance.scale if guidance.HasField("scale") else None
    if len(check) > before:
        # What else the request needs depends on its scale, however little the rest can be used.
        return SamplingOptions(guidance_scale=scale)
    return SamplingOptions(
        steps=schedule.steps or None,
        shift=schedule.shift if schedule.HasField("shift") else None,
        timesteps=rules.custom_timesteps(schedule.timesteps),
        snap=schedule.snap,
        method=_METHODS.get(request.method),
        guidance_scale=scale,
        guidance_mode=_GUIDANCE_MODES.get(guidance.mode),
        guidance_interval=rules.guidance_interval(guidance) if rules.has_interval(guidance) else None,
        velocity_clamp=request.velocity_clamp if request.HasField("velocity_clamp") else None,
        velocity_ema=request.velocity_ema if request.HasField("velocity_ema") else None,
        wavelet_correction=None if correction is None else _correction(correction),
    )


def _correction(message: dit_pb2.WaveletCorrection) -> WaveletCorrection:
    return WaveletCorrection(message.low, message.high, _WAVELET_MODES[message.mode], _WAVELETS[message.wavelet])
