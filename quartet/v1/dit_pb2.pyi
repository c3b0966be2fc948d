from quartet.v1 import stage_pb2 as _stage_pb2
from quartet.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SamplerMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLER_METHOD_UNSPECIFIED: _ClassVar[SamplerMethod]
    SAMPLER_METHOD_ODE: _ClassVar[SamplerMethod]
    SAMPLER_METHOD_SDE: _ClassVar[SamplerMethod]
    SAMPLER_METHOD_HEUN: _ClassVar[SamplerMethod]
    SAMPLER_METHOD_PING_PONG: _ClassVar[SamplerMethod]

class GuidanceMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUIDANCE_MODE_UNSPECIFIED: _ClassVar[GuidanceMode]
    GUIDANCE_MODE_APG: _ClassVar[GuidanceMode]
    GUIDANCE_MODE_ADG: _ClassVar[GuidanceMode]
    GUIDANCE_MODE_CFG: _ClassVar[GuidanceMode]

class WaveletMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAVELET_MODE_UNSPECIFIED: _ClassVar[WaveletMode]
    WAVELET_MODE_LOW: _ClassVar[WaveletMode]
    WAVELET_MODE_HIGH: _ClassVar[WaveletMode]
    WAVELET_MODE_DOUBLE: _ClassVar[WaveletMode]
    WAVELET_MODE_PIXEL: _ClassVar[WaveletMode]

class Wavelet(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAVELET_UNSPECIFIED: _ClassVar[Wavelet]
    WAVELET_HAAR: _ClassVar[Wavelet]
    WAVELET_DB2: _ClassVar[Wavelet]
    WAVELET_DB4: _ClassVar[Wavelet]
    WAVELET_SYM4: _ClassVar[Wavelet]
    WAVELET_SYM8: _ClassVar[Wavelet]
    WAVELET_COIF2: _ClassVar[Wavelet]
SAMPLER_METHOD_UNSPECIFIED: SamplerMethod
SAMPLER_METHOD_ODE: SamplerMethod
SAMPLER_METHOD_SDE: SamplerMethod
SAMPLER_METHOD_HEUN: SamplerMethod
SAMPLER_METHOD_PING_PONG: SamplerMethod
GUIDANCE_MODE_UNSPECIFIED: GuidanceMode
GUIDANCE_MODE_APG: GuidanceMode
GUIDANCE_MODE_ADG: GuidanceMode
GUIDANCE_MODE_CFG: GuidanceMode
WAVELET_MODE_UNSPECIFIED: WaveletMode
WAVELET_MODE_LOW: WaveletMode
WAVELET_MODE_HIGH: WaveletMode
WAVELET_MODE_DOUBLE: WaveletMode
WAVELET_MODE_PIXEL: WaveletMode
WAVELET_UNSPECIFIED: Wavelet
WAVELET_HAAR: Wavelet
WAVELET_DB2: Wavelet
WAVELET_DB4: Wavelet
WAVELET_SYM4: Wavelet
WAVELET_SYM8: Wavelet
WAVELET_COIF2: Wavelet

class Schedule(_message.Message):
    __slots__ = ("steps", "shift", "timesteps", "snap")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    TIMESTEPS_FIELD_NUMBER: _ClassVar[int]
    SNAP_FIELD_NUMBER: _ClassVar[int]
    steps: int
    shift: float
    timesteps: _containers.RepeatedScalarFieldContainer[float]
    snap: bool
    def __init__(self, steps: _Optional[int] = ..., shift: _Optional[float] = ..., timesteps: _Optional[_Iterable[float]] = ..., snap: _Optional[bool] = ...) -> None: ...

class Guidance(_message.Message):
    __slots__ = ("scale", "mode", "interval_start", "interval_end")
    SCALE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_START_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_END_FIELD_NUMBER: _ClassVar[int]
    scale: float
    mode: GuidanceMode
    interval_start: float
    interval_end: float
    def __init__(self, scale: _Optional[float] = ..., mode: _Optional[_Union[GuidanceMode, str]] = ..., interval_start: _Optional[float] = ..., interval_end: _Optional[float] = ...) -> None: ...

class WaveletCorrection(_message.Message):
    __slots__ = ("low", "high", "mode", "wavelet")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    WAVELET_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    mode: WaveletMode
    wavelet: Wavelet
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ..., mode: _Optional[_Union[WaveletMode, str]] = ..., wavelet: _Optional[_Union[Wavelet, str]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("latents", "noise", "exact")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    latents: _tensor_pb2.Tensor
    noise: float
    exact: bool
    def __init__(self, latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., noise: _Optional[float] = ..., exact: _Optional[bool] = ...) -> None: ...

class Variation(_message.Message):
    __slots__ = ("variance", "seed")
    VARIANCE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    variance: float
    seed: int
    def __init__(self, variance: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class ConditionSwitch(_message.Message):
    __slots__ = ("strength", "condition", "source_latents", "blend")
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_LATENTS_FIELD_NUMBER: _ClassVar[int]
    BLEND_FIELD_NUMBER: _ClassVar[int]
    strength: float
    condition: _tensor_pb2.Tensor
    source_latents: _tensor_pb2.Tensor
    blend: bool
    def __init__(self, strength: _Optional[float] = ..., condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., source_latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., blend: _Optional[bool] = ...) -> None: ...

class Keep(_message.Message):
    __slots__ = ("latents", "injection", "crossfade_frames", "free")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    INJECTION_FIELD_NUMBER: _ClassVar[int]
    CROSSFADE_FRAMES_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    latents: _tensor_pb2.Tensor
    injection: float
    crossfade_frames: int
    free: _tensor_pb2.Tensor
    def __init__(self, latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., injection: _Optional[float] = ..., crossfade_frames: _Optional[int] = ..., free: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class FlowEdit(_message.Message):
    __slots__ = ("source_latents", "source_condition", "n_min", "n_max", "n_avg")
    SOURCE_LATENTS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_CONDITION_FIELD_NUMBER: _ClassVar[int]
    N_MIN_FIELD_NUMBER: _ClassVar[int]
    N_MAX_FIELD_NUMBER: _ClassVar[int]
    N_AVG_FIELD_NUMBER: _ClassVar[int]
    source_latents: _tensor_pb2.Tensor
    source_condition: _tensor_pb2.Tensor
    n_min: float
    n_max: float
    n_avg: int
    def __init__(self, source_latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., source_condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., n_min: _Optional[float] = ..., n_max: _Optional[float] = ..., n_avg: _Optional[int] = ...) -> None: ...

class SampleRequest(_message.Message):
    __slots__ = ("model", "condition", "null_condition", "frames", "source_latents", "mask", "seed", "noise", "schedule", "method", "guidance", "wavelet_correction", "preview_every_steps", "velocity_clamp", "velocity_ema", "start", "variation", "switch", "keep", "edit", "silenced")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    NULL_CONDITION_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_LATENTS_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    WAVELET_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_EVERY_STEPS_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_CLAMP_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_EMA_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    VARIATION_FIELD_NUMBER: _ClassVar[int]
    SWITCH_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    EDIT_FIELD_NUMBER: _ClassVar[int]
    SILENCED_FIELD_NUMBER: _ClassVar[int]
    model: str
    condition: _tensor_pb2.Tensor
    null_condition: _tensor_pb2.Tensor
    frames: int
    source_latents: _tensor_pb2.Tensor
    mask: _tensor_pb2.Tensor
    seed: int
    noise: _tensor_pb2.Tensor
    schedule: Schedule
    method: SamplerMethod
    guidance: Guidance
    wavelet_correction: WaveletCorrection
    preview_every_steps: int
    velocity_clamp: float
    velocity_ema: float
    start: Start
    variation: Variation
    switch: ConditionSwitch
    keep: Keep
    edit: FlowEdit
    silenced: _tensor_pb2.Tensor
    def __init__(self, model: _Optional[str] = ..., condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., null_condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., frames: _Optional[int] = ..., source_latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., mask: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., seed: _Optional[int] = ..., noise: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., method: _Optional[_Union[SamplerMethod, str]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., wavelet_correction: _Optional[_Union[WaveletCorrection, _Mapping]] = ..., preview_every_steps: _Optional[int] = ..., velocity_clamp: _Optional[float] = ..., velocity_ema: _Optional[float] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., variation: _Optional[_Union[Variation, _Mapping]] = ..., switch: _Optional[_Union[ConditionSwitch, _Mapping]] = ..., keep: _Optional[_Union[Keep, _Mapping]] = ..., edit: _Optional[_Union[FlowEdit, _Mapping]] = ..., silenced: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class SampleResponse(_message.Message):
    __slots__ = ("progress", "preview", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: SampleProgress
    preview: SamplePreview
    result: SampleResult
    def __init__(self, progress: _Optional[_Union[SampleProgress, _Mapping]] = ..., preview: _Optional[_Union[SamplePreview, _Mapping]] = ..., result: _Optional[_Union[SampleResult, _Mapping]] = ...) -> None: ...

class SampleProgress(_message.Message):
    __slots__ = ("step", "steps")
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    step: int
    steps: int
    def __init__(self, step: _Optional[int] = ..., steps: _Optional[int] = ...) -> None: ...

class SamplePreview(_message.Message):
    __slots__ = ("step", "latents")
    STEP_FIELD_NUMBER: _ClassVar[int]
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    step: int
    latents: _tensor_pb2.Tensor
    def __init__(self, step: _Optional[int] = ..., latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class SampleResult(_message.Message):
    __slots__ = ("latents", "timesteps", "warnings", "report")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    TIMESTEPS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    latents: _tensor_pb2.Tensor
    timesteps: _containers.RepeatedScalarFieldContainer[float]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    report: _stage_pb2.StageReport
    def __init__(self, latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., timesteps: _Optional[_Iterable[float]] = ..., warnings: _Optional[_Iterable[str]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class AlignRequest(_message.Message):
    __slots__ = ("model", "latents", "condition", "lyric_tokens", "seed", "noise_level", "source_latents", "mask", "silenced")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    LYRIC_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    NOISE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    SOURCE_LATENTS_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    SILENCED_FIELD_NUMBER: _ClassVar[int]
    model: str
    latents: _tensor_pb2.Tensor
    condition: _tensor_pb2.Tensor
    lyric_tokens: int
    seed: int
    noise_level: float
    source_latents: _tensor_pb2.Tensor
    mask: _tensor_pb2.Tensor
    silenced: _tensor_pb2.Tensor
    def __init__(self, model: _Optional[str] = ..., latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., lyric_tokens: _Optional[int] = ..., seed: _Optional[int] = ..., noise_level: _Optional[float] = ..., source_latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., mask: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., silenced: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class AlignResponse(_message.Message):
    __slots__ = ("alignment", "report", "frames_per_moment")
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_MOMENT_FIELD_NUMBER: _ClassVar[int]
    alignment: _tensor_pb2.Tensor
    report: _stage_pb2.StageReport
    frames_per_moment: int
    def __init__(self, alignment: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., frames_per_moment: _Optional[int] = ...) -> None: ...

class Adapter(_message.Message):
    __slots__ = ("id", "default_weight", "revision")
    ID_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: str
    default_weight: float
    revision: str
    def __init__(self, id: _Optional[str] = ..., default_weight: _Optional[float] = ..., revision: _Optional[str] = ...) -> None: ...

class LoadAdapterRequest(_message.Message):
    __slots__ = ("id", "path", "default_weight")
    ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    id: str
    path: str
    default_weight: float
    def __init__(self, id: _Optional[str] = ..., path: _Optional[str] = ..., default_weight: _Optional[float] = ...) -> None: ...

class LoadAdapterResponse(_message.Message):
    __slots__ = ("adapter",)
    ADAPTER_FIELD_NUMBER: _ClassVar[int]
    adapter: Adapter
    def __init__(self, adapter: _Optional[_Union[Adapter, _Mapping]] = ...) -> None: ...

class UnloadAdapterRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class UnloadAdapterResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DitServiceListAdaptersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DitServiceListAdaptersResponse(_message.Message):
    __slots__ = ("adapters",)
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    adapters: _containers.RepeatedCompositeFieldContainer[Adapter]
    def __init__(self, adapters: _Optional[_Iterable[_Union[Adapter, _Mapping]]] = ...) -> None: ...

class DitServiceGetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DitServiceGetInfoResponse(_message.Message):
    __slots__ = ("info", "defaults")
    INFO_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    info: _stage_pb2.StageInfo
    defaults: _containers.RepeatedCompositeFieldContainer[SamplingDefaults]
    def __init__(self, info: _Optional[_Union[_stage_pb2.StageInfo, _Mapping]] = ..., defaults: _Optional[_Iterable[_Union[SamplingDefaults, _Mapping]]] = ...) -> None: ...

class SamplingDefaults(_message.Message):
    __slots__ = ("steps", "shift", "guidance_scale", "is_turbo", "wavelet_correction", "knows_tracks")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_SCALE_FIELD_NUMBER: _ClassVar[int]
    IS_TURBO_FIELD_NUMBER: _ClassVar[int]
    WAVELET_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    KNOWS_TRACKS_FIELD_NUMBER: _ClassVar[int]
    steps: int
    shift: float
    guidance_scale: float
    is_turbo: bool
    wavelet_correction: WaveletCorrection
    knows_tracks: bool
    def __init__(self, steps: _Optional[int] = ..., shift: _Optional[float] = ..., guidance_scale: _Optional[float] = ..., is_turbo: _Optional[bool] = ..., wavelet_correction: _Optional[_Union[WaveletCorrection, _Mapping]] = ..., knows_tracks: _Optional[bool] = ...) -> None: ...
