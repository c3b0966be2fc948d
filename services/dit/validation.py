"""What requests must keep, checked field by field into a `SampleItem` or an `AlignItem`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from quartet.tensors import TensorError
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.validation import Violations
from services.dit.guidance import GuidanceMode
from services.dit.plan import SamplingOptions
from services.dit.stepper import AlignItem, SampleItem
from services.dit.wavelet import WaveletCorrection
from services.runtime.tensors import decode_bool, decode_float32, decode_floating
from serving import rules
from serving.server import MAX_MESSAGE_BYTES

_MODES = {
    dit_pb2.GUIDANCE_MODE_UNSPECIFIED: GuidanceMode.APG,
    dit_pb2.GUIDANCE_MODE_APG: GuidanceMode.APG,
    dit_pb2.GUIDANCE_MODE_ADG: GuidanceMode.ADG,
    dit_pb2.GUIDANCE_MODE_CFG: GuidanceMode.CFG,
}


# Attention in half precision, with room for the rest of the message.
_MAX_ALIGNMENT_VALUES = (MAX_MESSAGE_BYTES - 2**16) // 2


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
    condition = _condition(request, limits, check)
    return SampleItem(
        condition=torch.empty(0) if condition is None else condition,
        null_condition=_null_condition(request, limits, check),
        frames=request.frames,
        source=_source(request, limits, check),
        mask=_mask(request, frames, check),
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


def _mask(request: dit_pb2.SampleRequest, frames: int | None, check: Violations) -> torch.Tensor | None:
    mask = None
    with check.tensor("mask"):
        if request.HasField("mask"):
            mask = decode_bool(request.mask, (frames,))
    return mask


def _options(request: dit_pb2.SampleRequest, check: Violations) -> SamplingOptions:
    schedule, guidance = request.schedule, request.guidance
    correction = request.wavelet_correction if request.HasField("wavelet_correction") else None
    before = len(check)
    rules.check_schedule(schedule, check, "schedule")
    rules.check_method(request.method, check, "method")
    rules.check_guidance(guidance, check, "guidance")
    if correction is not None:
        rules.check_wavelet_correction(correction, check, "wavelet_correction")
    scale = guidance.scale if guidance.HasField("scale") else None
    if len(check) > before:
        # What else the request needs depends on its scale, however little the rest can be used.
        return SamplingOptions(guidance_scale=scale)
    return SamplingOptions(
        steps=schedule.steps or None,
        shift=schedule.shift if schedule.HasField("shift") else None,
        timesteps=rules.custom_timesteps(schedule.timesteps),
        stochastic=request.method == dit_pb2.SAMPLER_METHOD_SDE,
        guidance_scale=scale,
        guidance_mode=_MODES[guidance.mode],
        guidance_interval=rules.guidance_interval(guidance),
        wavelet_correction=None if correction is None else WaveletCorrection(correction.low, correction.high),
    )


def align_item(
    request: dit_pb2.AlignRequest, limits: SampleLimits, default_level: float, check: Violations
) -> AlignItem:
    """As `sample_item`; a request that names no noise level takes the default."""
    latents = torch.empty(0, limits.latent_channels)
    with check.tensor("latents"):
        latents = decode_float32(request.latents, (None, limits.latent_channels))
        if not 1 <= len(latents) <= limits.max_frames:
            raise TensorError(f"has {len(latents)} frames, must have 1 to {limits.max_frames}")
    sampled = sample_item(_sampled_as(request, len(latents), limits), limits, check)
    tokens = len(sampled.condition) or limits.max_condition_tokens
    _check_lyric_tokens(request.lyric_tokens, tokens, -(-len(latents) // limits.frames_per_token), check)
    level = request.noise_level if request.HasField("noise_level") else default_level
    check.that(0 < level <= 1, "noise_level", f"is {level:g}, must be above 0 and at most 1")
    return AlignItem(sampled, latents, request.lyric_tokens, level)


def _sampled_as(request: dit_pb2.AlignRequest, frames: int, limits: SampleLimits) -> dit_pb2.SampleRequest:
    """What is the same in both requests; of latents that were refused the length is not the sampler's to complain."""
    return dit_pb2.SampleRequest(
        condition=request.condition,
        frames=min(max(frames, 1), limits.max_frames),
        source_latents=request.source_latents if request.HasField("source_latents") else None,
        mask=request.mask if request.HasField("mask") else None,
        seed=request.seed,
    )


def _check_lyric_tokens(asked: int, tokens: int, moments: int, check: Violations) -> None:
    fits = check.that(
        1 <= asked <= tokens, "lyric_tokens", f"is {asked}, must be within 1 and {tokens}, the tokens of the condition"
    )
    if fits:
        says = f"is {asked}, which for each of {moments} moments is more than fits into a message"
        check.that(asked * moments <= _MAX_ALIGNMENT_VALUES, "lyric_tokens", says)
