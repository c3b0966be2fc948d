from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelInfo(_message.Message):
    __slots__ = ("id", "revision", "compute_dtype", "device", "loaded", "codebook_size")
    ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_DTYPE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    LOADED_FIELD_NUMBER: _ClassVar[int]
    CODEBOOK_SIZE_FIELD_NUMBER: _ClassVar[int]
    id: str
    revision: str
    compute_dtype: str
    device: str
    loaded: bool
    codebook_size: int
    def __init__(self, id: _Optional[str] = ..., revision: _Optional[str] = ..., compute_dtype: _Optional[str] = ..., device: _Optional[str] = ..., loaded: _Optional[bool] = ..., codebook_size: _Optional[int] = ...) -> None: ...

class StageLoad(_message.Message):
    __slots__ = ("queued_items", "running_items", "expected_wait_ns")
    QUEUED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_ITEMS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_NS_FIELD_NUMBER: _ClassVar[int]
    queued_items: int
    running_items: int
    expected_wait_ns: int
    def __init__(self, queued_items: _Optional[int] = ..., running_items: _Optional[int] = ..., expected_wait_ns: _Optional[int] = ...) -> None: ...

class StageReport(_message.Message):
    __slots__ = ("queue_ns", "compute_ns", "total_ns", "model", "batch_size", "load")
    QUEUE_NS_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_NS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    queue_ns: int
    compute_ns: int
    total_ns: int
    model: ModelInfo
    batch_size: int
    load: StageLoad
    def __init__(self, queue_ns: _Optional[int] = ..., compute_ns: _Optional[int] = ..., total_ns: _Optional[int] = ..., model: _Optional[_Union[ModelInfo, _Mapping]] = ..., batch_size: _Optional[int] = ..., load: _Optional[_Union[StageLoad, _Mapping]] = ...) -> None: ...

class StageLimit(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class StageInfo(_message.Message):
    __slots__ = ("stage", "models", "limits", "load", "steps_computed", "memory")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    STEPS_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    stage: str
    models: _containers.RepeatedCompositeFieldContainer[ModelInfo]
    limits: _containers.RepeatedCompositeFieldContainer[StageLimit]
    load: StageLoad
    steps_computed: int
    memory: DeviceMemory
    def __init__(self, stage: _Optional[str] = ..., models: _Optional[_Iterable[_Union[ModelInfo, _Mapping]]] = ..., limits: _Optional[_Iterable[_Union[StageLimit, _Mapping]]] = ..., load: _Optional[_Union[StageLoad, _Mapping]] = ..., steps_computed: _Optional[int] = ..., memory: _Optional[_Union[DeviceMemory, _Mapping]] = ...) -> None: ...

class DeviceMemory(_message.Message):
    __slots__ = ("weights_bytes", "peak_bytes")
    WEIGHTS_BYTES_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    weights_bytes: int
    peak_bytes: int
    def __init__(self, weights_bytes: _Optional[int] = ..., peak_bytes: _Optional[int] = ...) -> None: ...

class Metadata(_message.Message):
    __slots__ = ("bpm", "key_scale", "time_signature", "vocal_language", "duration_seconds")
    BPM_FIELD_NUMBER: _ClassVar[int]
    KEY_SCALE_FIELD_NUMBER: _ClassVar[int]
    TIME_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    VOCAL_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    bpm: int
    key_scale: str
    time_signature: str
    vocal_language: str
    duration_seconds: float
    def __init__(self, bpm: _Optional[int] = ..., key_scale: _Optional[str] = ..., time_signature: _Optional[str] = ..., vocal_language: _Optional[str] = ..., duration_seconds: _Optional[float] = ...) -> None: ...
