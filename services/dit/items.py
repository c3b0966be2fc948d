"""What the stage is asked and what it answers, as tensors: items to sample, and finished latents to listen to."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from services.dit.conditions import ConditionSwitch
from services.dit.flow_edit import FlowEdit
from services.dit.keep import Keep
from services.dit.plan import SamplingOptions, SamplingPlan
from services.dit.starts import Start, Variation

MIN_NETWORK_FRAMES = 128


@dataclass(frozen=True)
class SampleItem:
    """One item to sample; tensors without a batch axis, in float32 but for the condition, which has any type.

    `condition` [tokens, width], `null_condition` [1, width] where guidance may act, `source` [frames or fewer,
    channels] or None, silence taking the rest and the frames that are `silenced` [frames], `mask` [frames] or None for
    everywhere, `noise` [frames, channels] or None for the seeded one. `keep` needs a mask; `edit` excludes noise,
    start, variation, switch and keep.
    """

    condition: torch.Tensor
    null_condition: torch.Tensor | None
    frames: int
    source: torch.Tensor | None = None
    silenced: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    seed: int = 0
    noise: torch.Tensor | None = None
    options: SamplingOptions = SamplingOptions()
    preview_every_steps: int = 0
    start: Start | None = None
    variation: Variation | None = None
    switch: ConditionSwitch | None = None
    keep: Keep | None = None
    edit: FlowEdit | None = None

    @property
    def network_frames(self) -> int:
        """Frames that the network sees: short items are filled up."""
        return max(self.frames, MIN_NETWORK_FRAMES)


@dataclass(frozen=True)
class StepDone:
    """A step is done; `preview` is the clean estimate [frames, channels] where one was asked for."""

    step: int
    steps: int
    preview: torch.Tensor | None


@dataclass(frozen=True)
class Sampled:
    """Clean latents [frames, channels] and the plan that was followed."""

    latents: torch.Tensor
    plan: SamplingPlan


@dataclass(frozen=True)
class AlignItem:
    """Finished latents [frames, channels] and the item that they were sampled as: its condition, frames, context, seed.

    The lyrics are the first `lyric_tokens` of the condition; `noise_level`, within 0 and 1, is that of the pass.
    """

    sampled: SampleItem
    latents: torch.Tensor
    lyric_tokens: int
    noise_level: float


PlannedItem = tuple[SampleItem, SamplingPlan]
Work = PlannedItem | AlignItem
