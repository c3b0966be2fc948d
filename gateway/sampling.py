"""What the DiT is asked for one item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.framing import Framing, LatentArray
from gateway.stages import Condition
from quartet import tensors
from quartet.sampling import sampling_message
from quartet.songs import SongSpec
from quartet.tasks import Cover, Edit, NewSong, Retake, Task
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.wire import optional


def sample_request(
    song: SongSpec, index: int, framing: Framing, condition: Condition, other: Condition | None
) -> dit_pb2.SampleRequest:
    """The request of an item of a song without open choices.

    `other` is the second condition of tasks that have one: that of the words alone, or of the source of an edit.
    """
    task, sampling = song.task, sampling_message(song)
    return dit_pb2.SampleRequest(
        model=song.model,
        condition=condition.condition,
        null_condition=condition.null_condition,
        **context_fields(framing),
        frames=framing.frames,
        seed=song.seeds[index],
        schedule=sampling.schedule,
        method=sampling.method,
        guidance=sampling.guidance,
        wavelet_correction=optional(sampling, "wavelet_correction"),
        velocity_clamp=optional(sampling, "velocity_clamp"),
        velocity_ema=optional(sampling, "velocity_ema"),
        start=_start(framing),
        variation=_variation(task, index),
        switch=_switch(task, other),
        keep=_keep(framing),
        edit=_edit(task, framing, other),
    )


def context_fields(framing: Framing) -> dict[str, Any]:
    """What an item is sampled along, as fields of a request of the DiT."""
    return {
        "source_latents": _encoded(framing.source),
        "silenced": _encoded(framing.silenced),
        "mask": _encoded(framing.mask),
    }


def finished(latents: LatentArray, song: SongSpec) -> LatentArray:
    """Sampled latents as they are decoded and kept: scaled, then shifted, where a song asks for it (spec/model.md
    §5.9)."""
    rescale = 1.0 if song.latent_rescale is None else song.latent_rescale
    shift = song.latent_shift or 0.0
    return latents if (rescale, shift) == (1, 0) else latents * np.float32(rescale) + np.float32(shift)


def has_other_condition(task: Task, follows_codes: bool) -> bool:
    """Whether sampling needs a second condition."""
    share = _share_of_steps(task) if isinstance(task, Cover) or follows_codes else None
    return isinstance(task, Edit) or (share is not None and share < 1)


def _share_of_steps(task: Task) -> float | None:
    """How many of the steps follow a source or codes, before the words alone are followed."""
    if isinstance(task, NewSong):
        return task.code_strength
    return task.strength if isinstance(task, Cover) else None


def variation_seeds(task: Task) -> Sequence[int]:
    """Second seeds by item; none where the task has none."""
    return task.seeds if isinstance(task, Retake) else ()


def _start(framing: Framing) -> dit_pb2.Start | None:
    start = framing.start
    if start is None:
        return None
    return dit_pb2.Start(latents=tensors.encode(start.latents), noise=start.noise, exact=start.exact)


def _variation(task: Task, index: int) -> dit_pb2.Variation | None:
    return dit_pb2.Variation(variance=task.variance, seed=task.seeds[index]) if isinstance(task, Retake) else None


def _switch(task: Task, other: Condition | None) -> dit_pb2.ConditionSwitch | None:
    share = _share_of_steps(task)
    if other is None or share is None:
        return None
    blend = isinstance(task, Cover) and task.blend
    return dit_pb2.ConditionSwitch(strength=share, condition=other.condition, blend=blend)


def _keep(framing: Framing) -> dit_pb2.Keep | None:
    hold = framing.hold
    if hold is None:
        return None
    return dit_pb2.Keep(
        latents=_encoded(hold.latents),
        injection=hold.injection,
        crossfade_frames=hold.crossfade_frames,
        free=tensors.encode(hold.free),
    )


def _edit(task: Task, framing: Framing, other: Condition | None) -> dit_pb2.FlowEdit | None:
    if other is None or not isinstance(task, Edit) or framing.edited is None:
        return None
    return dit_pb2.FlowEdit(
        source_latents=tensors.encode(framing.edited),
        source_condition=other.condition,
        n_min=task.n_min,
        n_max=task.n_max,
        n_avg=task.n_avg,
    )


def _encoded(array: npt.NDArray[Any] | None) -> tensor_pb2.Tensor | None:
    return None if array is None else tensors.encode(array)
