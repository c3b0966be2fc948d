from quartet.v1 import stage_pb2 as _stage_pb2
from quartet.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DecodeRequest(_message.Message):
    __slots__ = ("model", "latents")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    model: str
    latents: _tensor_pb2.Tensor
    def __init__(self, model: _Optional[str] = ..., latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class DecodeResponse(_message.Message):
    __slots__ = ("chunk", "result")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    chunk: PcmChunk
    result: DecodeResult
    def __init__(self, chunk: _Optional[_Union[PcmChunk, _Mapping]] = ..., result: _Optional[_Union[DecodeResult, _Mapping]] = ...) -> None: ...

class PcmChunk(_message.Message):
    __slots__ = ("first_sample", "pcm")
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    PCM_FIELD_NUMBER: _ClassVar[int]
    first_sample: int
    pcm: _tensor_pb2.Tensor
    def __init__(self, first_sample: _Optional[int] = ..., pcm: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class DecodeResult(_message.Message):
    __slots__ = ("samples", "sample_rate", "report")
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    samples: int
    sample_rate: int
    report: _stage_pb2.StageReport
    def __init__(self, samples: _Optional[int] = ..., sample_rate: _Optional[int] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class VaeServiceEncodeRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: EncodeHeader
    chunk: PcmChunk
    def __init__(self, header: _Optional[_Union[EncodeHeader, _Mapping]] = ..., chunk: _Optional[_Union[PcmChunk, _Mapping]] = ...) -> None: ...

class EncodeHeader(_message.Message):
    __slots__ = ("model", "samples", "posterior_seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    POSTERIOR_SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    samples: int
    posterior_seed: int
    def __init__(self, model: _Optional[str] = ..., samples: _Optional[int] = ..., posterior_seed: _Optional[int] = ...) -> None: ...

class VaeServiceEncodeResponse(_message.Message):
    __slots__ = ("latents", "report")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    latents: _tensor_pb2.Tensor
    report: _stage_pb2.StageReport
    def __init__(self, latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class VaeServiceGetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VaeServiceGetInfoResponse(_message.Message):
    __slots__ = ("info", "sample_rate", "channels", "hop")
    INFO_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    HOP_FIELD_NUMBER: _ClassVar[int]
    info: _stage_pb2.StageInfo
    sample_rate: int
    channels: int
    hop: int
    def __init__(self, info: _Optional[_Union[_stage_pb2.StageInfo, _Mapping]] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ..., hop: _Optional[int] = ...) -> None: ...
