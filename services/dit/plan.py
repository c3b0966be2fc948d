"""From a request with open choices to what the sampler will do, with warnings for what a model ignores."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum

from services.dit import schedule
from services.dit.guidance import GuidanceMode, acts_at
from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode

# Levels that are closer differ by their rounding alone.
_SAME_LEVEL = 1e-6


class SamplerMethod(Enum):
    """How a step moves the latents (spec/model.md §5.3, spec/v1.md §2.3)."""

    ODE = "ode"
    SDE = "sde"
    HEUN = "heun"
    PING_PONG = "ping-pong"


@dataclass(frozen=True)
class SamplingDefaults:
    """What a model does when a request leaves the choice open; `wavelet_correction` is what its callers should ask for.

    What is written here all variants share; what they differ in is in the table below. `docs/dit.md` repeats both.
    """

    steps: int
    shift: float
    guidance_scale: float
    is_turbo: bool
    wavelet_correction: WaveletCorrection | None
    method: SamplerMethod = SamplerMethod.ODE
    guidance_mode: GuidanceMode = GuidanceMode.APG
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    velocity_clamp: float = 0.0
    velocity_ema: float = 0.0


TURBO_DEFAULTS = SamplingDefaults(
    steps=8,
    shift=3.0,
    guidance_scale=1.0,
    is_turbo=True,
    wavelet_correction=WaveletCorrection(low=0.05, high=0.02),
)
GUIDED_DEFAULTS = SamplingDefaults(
    steps=50,
    shift=1.0,
    guidance_scale=7.0,
    is_turbo=False,
    wavelet_correction=None,
)


@dataclass(frozen=True)
class SamplingOptions:
    """The choices of a request; None leaves one open. `timesteps` replace steps and shift; `snap` moves them."""

    steps: int | None = None
    shift: float | None = None
    timesteps: tuple[float, ...] = ()
    snap: bool = False
    method: SamplerMethod | None = None
    guidance_scale: float | None = None
    guidance_mode: GuidanceMode | None = None
    guidance_interval: tuple[float, float] | None = None
    velocity_clamp: float | None = None
    velocity_ema: float | None = None
    wavelet_correction: WaveletCorrection | None = None


@dataclass(frozen=True)
class SamplingPlan:
    """What the sampler does. `timesteps` fall from the first level; a final 0 follows.

    `renoise_levels` are the levels that stochastic steps go back to; empty for ODE steps. The first `corrected_steps`
    steps take a second velocity at their end. A clamp or moving average of 0 is none. From `switch_step` on the second
    condition is followed; with `blend_weight`, that of the first velocity, both are. Kept frames are set again after
    each of the first `injected_steps`. The first `edit_steps` edit, each over `edit_draws` of noise.
    """

    timesteps: tuple[float, ...]
    renoise_levels: tuple[float, ...]
    corrected_steps: int
    guidance_scale: float
    guidance_mode: GuidanceMode
    guidance_interval: tuple[float, float]
    velocity_clamp: float
    velocity_ema: float
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
        """Velocities that the network predicts: one for each level, and more where guidance acts or conditions meet."""
        levels = _asked_levels(self.timesteps, self.corrected_steps)
        drawn = sum(2 * self.edit_draws * self._compared_at(t) for t in levels[: self.edit_steps])
        beside = int(self.blend_weight is not None)
        return drawn + sum(self._compared_at(t) + beside for t in levels[self.edit_steps :])

    @property
    def widest_pass(self) -> int:
        """Velocities that a pass through the network predicts for this item, at most."""
        compared = 2 if self.guided else 1
        return 2 * compared if self.edit_steps else compared + (self.blend_weight is not None)

    def from_step(self, step: int) -> SamplingPlan:
        """Without the steps before one."""
        return dataclasses.replace(
            self,
            timesteps=self.timesteps[step:],
            renoise_levels=self.renoise_levels[step:],
            corrected_steps=max(self.corrected_steps - step, 0),
        )

    def scaled_to(self, level: float) -> SamplingPlan:
        """All steps between a first level and 0; none of them goes back above it."""
        scale = level / self.timesteps[0]
        return dataclasses.replace(
            self,
            timesteps=tuple(scale * t for t in self.timesteps),
            renoise_levels=tuple(min(scale * t, level) for t in self.renoise_levels),
        )

    def below(self, level: float) -> SamplingPlan:
        """From a first level to those of the schedule that are below it."""
        steps = len(self.timesteps)
        step = next((step for step, t in enumerate(self.timesteps) if t < level + _SAME_LEVEL), steps)
        if step < steps and self.timesteps[step] > level - _SAME_LEVEL:
            return self.from_step(step)
        # The step that leads to that one begins later; a level above all takes the place of the first.
        begun = self.from_step(max(step - 1, 0))
        return dataclasses.replace(begun, timesteps=(level, *begun.timesteps[1:]))

    def _compared_at(self, t: float) -> int:
        return 2 if self.guided_at(t) else 1


def resolve(options: SamplingOptions, defaults: SamplingDefaults) -> SamplingPlan:
    """Fills the open choices of a request with a model's defaults."""
    timesteps, warnings = _timesteps(options, defaults)
    method = options.method or defaults.method
    corrected_steps = _corrected_steps(timesteps, method, defaults.is_turbo)
    interval = options.guidance_interval or defaults.guidance_interval
    scale = defaults.guidance_scale if options.guidance_scale is None else options.guidance_scale
    if defaults.is_turbo and scale > 1:
        warnings.append("guidance is ignored: turbo models are distilled to work without it")
        scale = 1.0
    elif scale <= 1 and (options.guidance_mode or options.guidance_interval):
        warnings.append("the mode and the interval of guidance are ignored without a scale above 1")
    elif scale > 1 and not any(acts_at(t, *interval) for t in _asked_levels(timesteps, corrected_steps)):
        warnings.append("guidance acts on no step: no noise level of the schedule is within its interval")
    if defaults.is_turbo and method is SamplerMethod.HEUN:
        warnings.append("heun: turbo models were distilled for one evaluation a step; two cost twice as much")
    return SamplingPlan(
        timesteps=timesteps,
        renoise_levels=_renoise_levels(timesteps, method, defaults.is_turbo),
        corrected_steps=corrected_steps,
        guidance_scale=scale,
        guidance_mode=options.guidance_mode or defaults.guidance_mode,
        guidance_interval=interval,
        velocity_clamp=defaults.velocity_clamp if options.velocity_clamp is None else options.velocity_clamp,
        velocity_ema=defaults.velocity_ema if options.velocity_ema is None else options.velocity_ema,
        wavelet_correction=options.wavelet_correction,
        warnings=(*warnings, *_correction_warnings(options.wavelet_correction, defaults.is_turbo)),
    )


def _timesteps(options: SamplingOptions, defaults: SamplingDefaults) -> tuple[tuple[float, ...], list[str]]:
    """The noise levels, and what is to be said of them."""
    warnings: list[str] = []
    shift = defaults.shift if options.shift is None else options.shift
    timesteps = options.timesteps or schedule.shifted(options.steps or defaults.steps, shift)
    if options.timesteps and (options.steps is not None or options.shift is not None):
        warnings.append("steps and shift are ignored where timesteps are given")
    if options.snap and not defaults.is_turbo:
        warnings.append("snap is ignored: only turbo models were distilled at certain levels")
    elif options.snap and not options.timesteps:
        warnings.append("snap is ignored where no timesteps are given")
    elif options.snap:
        warnings += schedule.snapping_warnings(timesteps)
        timesteps = schedule.snapped(timesteps)
    if defaults.is_turbo:
        warnings += schedule.turbo_warnings(timesteps, None if options.timesteps else shift)
    return timesteps, warnings


def _renoise_levels(timesteps: tuple[float, ...], method: SamplerMethod, is_turbo: bool) -> tuple[float, ...]:
    """Levels after stochastic steps: the next of the schedule, but with SDE on base models an even grid."""
    steps = len(timesteps)
    if method is SamplerMethod.PING_PONG or (method is SamplerMethod.SDE and is_turbo):
        return (*timesteps[1:], 0.0)
    return tuple(1 - (step + 1) / steps for step in range(steps)) if method is SamplerMethod.SDE else ()


def _corrected_steps(timesteps: tuple[float, ...], method: SamplerMethod, is_turbo: bool) -> int:
    """Heun steps, but for the final one of turbo models, which were never asked at level 0 (spec/model.md §5.3)."""
    if method is not SamplerMethod.HEUN:
        return 0
    return len(timesteps) - 1 if is_turbo else len(timesteps)


def _asked_levels(timesteps: tuple[float, ...], corrected_steps: int) -> tuple[float, ...]:
    """Noise levels at which a velocity is taken: where steps begin, and where corrected steps end."""
    return (*timesteps, *(*timesteps, 0.0)[1 : 1 + corrected_steps])


def _correction_warnings(correction: WaveletCorrection | None, is_turbo: bool) -> list[str]:
    warnings: list[str] = []
    if correction is None:
        return warnings
    if not is_turbo and correction.acts:
        warnings.append("wavelet_correction: it is meant for turbo models and may distort the music of others")
    if correction.mode is WaveletMode.PIXEL and correction.wavelet is not Wavelet.HAAR:
        warnings.append(f"wavelet {correction.wavelet.value} is ignored: mode pixel weighs the difference as it is")
    return warnings
