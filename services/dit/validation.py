"""What a SampleRequest must keep, checked field by field into a `SampleItem`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from quartet.tensors import TensorError
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.validation import Violations
from services.dit.conditions import ConditionSwitch
from services.dit.flow_edit import FlowEdit
from services.dit.guidance import GuidanceMode
from services.dit.items import SampleItem
from services.dit.keep import Keep
from services.dit.plan import SamplerMethod, SamplingOptions
from services.dit.starts import Start, Variation
from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode
from services.runtime.tensors import decode_bool, decode_float32, decode_floating
from serving import rules

MAX_CROSSFADE_FRAMES = 250
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
    frames_per_token: int


def sample_item(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> SampleItem:
    """The item of a request. Notes every invalid field in `check`; the item is of use only where there is none."""
    frames_fit = check.that(
        1 <= request.frames <= limits.max_frames,
        "frames",
        f"is {request.frames}, must be within 1 and {limits.max_frames}",
    )
    frames = request.frames if frames_fit else None
    latents_shape = (frames, limits.latent_channels)
    condition = _condition(request.condition, limits, check)
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
        start=_start(request, limits, check),
        variation=_variation(request, check),
        switch=_switch(request, limits, check),
        keep=_keep(request, frames, limits, check),
        edit=_edit(request, limits, check),
    )


def _condition(
    message: tensor_pb2.Tensor, limits: SampleLimits, check: Violations, path: str = "condition"
) -> torch.Tensor | None:
    with check.tensor(path):
        decoded = decode_floating(message, (None, limits.condition_width))
        if not 1 <= len(decoded) <= limits.max_condition_tokens:
            raise TensorError(f"has {len(decoded)} tokens, must have 1 to {limits.max_condition_tokens}")
        return decoded
    return None


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
    if not request.HasField("source_latents"):
        return None
    return _latents(request.source_latents, request.frames, limits, check, "source_latents")


def _latents(
    message: tensor_pb2.Tensor, frames: int, limits: SampleLimits, check: Violations, path: str
) -> torch.Tensor | None:
    """Latents as long as the result or shorter."""
    with check.tensor(path):
        decoded = decode_float32(message, (None, limits.latent_channels))
        if not 1 <= len(decoded) <= frames:
            raise TensorError(f"has {len(decoded)} frames, must have 1 to {frames}, those of the result")
        return decoded
    return None


def _frames(request: dit_pb2.SampleRequest, field: str, frames: int | None, check: Violations) -> torch.Tensor | None:
    """A choice among the frames of the result."""
    chosen = None
    with check.tensor(field):
        if request.HasField(field):
            chosen = decode_bool(getattr(request, field), (frames,))
    return chosen


def _start(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> Start | None:
    if not request.HasField("start"):
        return None
    latents = _latents(request.start.latents, request.frames, limits, check, "start.latents")
    fits = check.within(request.start.noise, 0, 1, "start.noise")
    return Start(latents, request.start.noise, request.start.exact) if latents is not None and fits else None


def _variation(request: dit_pb2.SampleRequest, check: Violations) -> Variation | None:
    variation = request.variation
    if not request.HasField("variation") or not check.within(variation.variance, 0, 1, "variation.variance"):
        return None
    return Variation(variation.variance, variation.seed)


def _switch(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> ConditionSwitch | None:
    switch = request.switch
    if not request.HasField("switch"):
        return None
    before = len(check)
    check.within(switch.strength, 0, 1, "switch.strength")
    condition = _condition(switch.condition, limits, check, "switch.condition")
    source = None
    if switch.HasField("source_latents"):
        path = "switch.source_latents"
        check.that(not switch.blend, path, "must be unset where blend is set: both conditions share one context")
        source = _latents(switch.source_latents, request.frames, limits, check, path)
    if condition is None or len(check) > before:
        return None
    return ConditionSwitch(switch.strength, condition, source, switch.blend)


def _keep(request: dit_pb2.SampleRequest, frames: int | None, limits: SampleLimits, check: Violations) -> Keep | None:
    keep = request.keep
    if not request.HasField("keep"):
        return None
    before, free = len(check), None
    if keep.HasField("free"):
        with check.tensor("keep.free"):
            free = decode_bool(keep.free, (frames,))
    else:
        check.that(request.HasField("mask"), "mask", "is missing; keep holds where it or keep.free is false")
    check.within(keep.injection, 0, 1, "keep.injection")
    check.within(keep.crossfade_frames, 0, MAX_CROSSFADE_FRAMES, "keep.crossfade_frames")
    latents = None
    if keep.HasField("latents"):
        latents = _latents(keep.latents, request.frames, limits, check, "keep.latents")
    if len(check) > before:
        return None
    return Keep(latents, keep.injection, keep.crossfade_frames, free)


def _edit(request: dit_pb2.SampleRequest, limits: SampleLimits, check: Violations) -> FlowEdit | None:
    edit = request.edit
    if not request.HasField("edit"):
        return None
    before = len(check)
    for field in ("noise", "start", "variation", "switch", "keep"):
        check.that(not request.HasField(field), field, "must be unset where edit is set")
    rules.check_edit_steps(edit.n_min, edit.n_max, check, "edit")
    check.within(edit.n_avg, 1, rules.MAX_EDIT_DRAWS, "edit.n_avg")
    source = _latents(edit.source_latents, request.frames, limits, check, "edit.source_latents")
    condition = _condition(edit.source_condition, limits, check, "edit.source_condition")
    if source is None or condition is None or len(check) > before:
        return None
    return FlowEdit(source, condition, edit.n_min, edit.n_max, edit.n_avg)


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
