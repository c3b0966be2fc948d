"""What an AlignRequest must keep, checked field by field into an `AlignItem`."""

from __future__ import annotations

import torch

from quartet.tensors import TensorError
from quartet.v1 import dit_pb2
from quartet.validation import Violations
from services.dit.items import AlignItem
from services.dit.validation import SampleLimits, sample_item
from services.runtime.tensors import decode_float32
from serving.messages import MAX_MESSAGE_BYTES

# Attention in half precision, with room for the rest of the message.
_MAX_ALIGNMENT_VALUES = (MAX_MESSAGE_BYTES - 2**16) // 2


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
        silenced=request.silenced if request.HasField("silenced") else None,
        seed=request.seed,
    )


def _check_lyric_tokens(asked: int, tokens: int, moments: int, check: Violations) -> None:
    fits = check.that(
        1 <= asked <= tokens, "lyric_tokens", f"is {asked}, must be within 1 and {tokens}, the tokens of the condition"
    )
    if fits:
        says = f"is {asked}, which for each of {moments} moments is more than fits into a message"
        check.that(asked * moments <= _MAX_ALIGNMENT_VALUES, "lyric_tokens", says)
