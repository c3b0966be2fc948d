"""From a request with open choices to what the sampler will do, with warnings for what a model ignores."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from services.dit import schedule
from services.dit.guidance import GuidanceMode, acts_at
from services.dit.wavelet import WaveletCorrection


@dataclass(frozen=True)
class SamplingDefaults:
    """What a model does when a request leaves the choice open."""

    steps: int
    shift: float
    guidance_scale: float
    is_turbo: bool
    wavelet_correction: WaveletCorrection | None


TURBO_DEFAULTS = SamplingDefaults(8, 3.0, 1.0, True, WaveletCorrection(low=0.05, high=0.02))
GUIDED_DEFAULTS = SamplingDefaults(50, 1.0, 7.0, False, None)


@dataclass(frozen=True)
class SamplingOptions:
    """The choices of a request; None leaves one open. `timesteps` replace steps and shift."""

    steps: int | None = None
    shift: float | None = None
    timesteps: tuple[float, ...] = ()
    stochastic: bool = False
    guidance_scale: float | None = None
    guidance_mode: GuidanceMode = GuidanceMode.APG
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    wavelet_correction: WaveletCorrection | None = None


@dataclass(frozen=True)
class SamplingPlan:
    """What the sampler does. `timesteps` fall from the first level; a final 0 follows.

    `renoise_levels` are the levels that stochastic steps go back to; empty for ODE steps. From `switch_step` on the
    second condition is followed; with `blend_weight`, that of the first velocity, both are. Kept frames are set again
    after each of the first `injected_steps`. The first `edit_steps` edit, each over `edit_draws` of noise.
    """

    timesteps: tuple[float, ...]
    renoise_levels: tuple[float, ...]
    guidance_scale: float
    guidance_mode: GuidanceMode
    guidance_interval: tuple[float, float]
    wavelet_correction: WaveletCorrection | None
    warnings: tuple[str, ...]
    switch_step: int | None = None
    blend_weight: float | None = None
    injected_steps: int = 0
    edit_steps: int = 0
    edit_draws: int = 1

    @property
    def guided(self) -> bool:
        """True where steps may need the null condition."""
        return self.guidance_scale > 1

    def guided_at(self, t: float) -> bool:
        """Whether a step from a noise level needs the null condition."""
        return self.guided and acts_at(t, *self.guidance_interval)

    @property
    def evaluations(self) -> int:
        """Velocities that the network predicts: one for each step, and more where guidance acts or conditions meet."""
        return sum(self._evaluations(step, t) for step, t in enumerate(self.timesteps))

    @property
    def widest_pass(self) -> int:
        """Velocities that a pass through the network predicts for this item, at most."""
        compared = 2 if self.guided else 1
        return 2 * compared if self.edit_steps else compared + (self.blend_weight is not None)

    def from_step(self, step: int) -> SamplingPlan:
        """Without the steps before one."""
        return dataclasses.replace(self, timesteps=self.timesteps[step:], renoise_levels=self.renoise_levels[step:])

    def _evaluations(self, step: int, t: float) -> int:
        compared = 2 if self.guided_at(t) else 1
        if step < self.edit_steps:
            return 2 * self.edit_draws * compared
        return compared + (self.blend_weight is not None)


def resolve(options: SamplingOptions, defaults: SamplingDefaults) -> SamplingPlan:
    """Fills the open choices of a request with a model's defaults."""
    warnings: list[str] = []
    shift = defaults.shift if options.shift is None else options.shift
    if options.timesteps:
        timesteps = options.timesteps
        if options.steps is not None or options.shift is not None:
            warnings.append("steps and shift are ignored where timesteps are given")
    else:
        timesteps = schedule.shifted(options.steps or defaults.steps, shift)
    scale = defaults.guidance_scale if options.guidance_scale is None else options.guidance_scale
    if defaults.is_turbo:
        warnings += schedule.turbo_warnings(timesteps, None if options.timesteps else shift)
        if scale > 1:
            warnings.append("guidance is ignored: turbo models are distilled to work without it")
            scale = 1.0
    return SamplingPlan(
        timesteps=timesteps,
        renoise_levels=_renoise_levels(timesteps, defaults.is_turbo) if options.stochastic else (),
        guidance_scale=scale,
        guidance_mode=options.guidance_mode,
        guidance_interval=options.guidance_interval,
        wavelet_correction=options.wavelet_correction,
        warnings=tuple(warnings),
    )


def _renoise_levels(timesteps: tuple[float, ...], is_turbo: bool) -> tuple[float, ...]:
    """Turbo models go to the next level; base models to an even grid, whatever the shift (spec/model.md §5.3)."""
    if is_turbo:
        return (*timesteps[1:], 0.0)
    steps = len(timesteps)
    return tuple(1 - (step + 1) / steps for step in range(steps))
