from quartet.v1 import stage_pb2 as _stage_pb2
from quartet.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EncodeRequest(_message.Message):
    __slots__ = ("model", "instruction", "caption", "lyrics", "metadata", "reference_latents")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_LATENTS_FIELD_NUMBER: _ClassVar[int]
    model: str
    instruction: str
    caption: str
    lyrics: str
    metadata: _stage_pb2.Metadata
    reference_latents: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.Tensor]
    def __init__(self, model: _Optional[str] = ..., instruction: _Optional[str] = ..., caption: _Optional[str] = ..., lyrics: _Optional[str] = ..., metadata: _Optional[_Union[_stage_pb2.Metadata, _Mapping]] = ..., reference_latents: _Optional[_Iterable[_Union[_tensor_pb2.Tensor, _Mapping]]] = ...) -> None: ...

class EncodeResponse(_message.Message):
    __slots__ = ("condition", "null_condition", "text_tokens", "lyric_tokens", "text_truncated", "lyrics_truncated", "report", "lyric_token_spans")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    NULL_CONDITION_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LYRIC_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    LYRICS_TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    LYRIC_TOKEN_SPANS_FIELD_NUMBER: _ClassVar[int]
    condition: _tensor_pb2.Tensor
    null_condition: _tensor_pb2.Tensor
    text_tokens: int
    lyric_tokens: int
    text_truncated: bool
    lyrics_truncated: bool
    report: _stage_pb2.StageReport
    lyric_token_spans: _containers.RepeatedCompositeFieldContainer[LyricToken]
    def __init__(self, condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., null_condition: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., text_tokens: _Optional[int] = ..., lyric_tokens: _Optional[int] = ..., text_truncated: _Optional[bool] = ..., lyrics_truncated: _Optional[bool] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., lyric_token_spans: _Optional[_Iterable[_Union[LyricToken, _Mapping]]] = ...) -> None: ...

class LyricToken(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class TokenizeRequest(_message.Message):
    __slots__ = ("model", "latents")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    model: str
    latents: _tensor_pb2.Tensor
    def __init__(self, model: _Optional[str] = ..., latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ...) -> None: ...

class TokenizeResponse(_message.Message):
    __slots__ = ("codes", "report")
    CODES_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    codes: _containers.RepeatedScalarFieldContainer[int]
    report: _stage_pb2.StageReport
    def __init__(self, codes: _Optional[_Iterable[int]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class DetokenizeRequest(_message.Message):
    __slots__ = ("model", "codes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    model: str
    codes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, model: _Optional[str] = ..., codes: _Optional[_Iterable[int]] = ...) -> None: ...

class DetokenizeResponse(_message.Message):
    __slots__ = ("latents", "report")
    LATENTS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    latents: _tensor_pb2.Tensor
    report: _stage_pb2.StageReport
    def __init__(self, latents: _Optional[_Union[_tensor_pb2.Tensor, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class EncoderServiceGetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EncoderServiceGetInfoResponse(_message.Message):
    __slots__ = ("info", "cache")
    INFO_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    info: _stage_pb2.StageInfo
    cache: ConditionCache
    def __init__(self, info: _Optional[_Union[_stage_pb2.StageInfo, _Mapping]] = ..., cache: _Optional[_Union[ConditionCache, _Mapping]] = ...) -> None: ...

class ConditionCache(_message.Message):
    __slots__ = ("hits", "shared", "misses", "held_bytes")
    HITS_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    MISSES_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    hits: int
    shared: int
    misses: int
    held_bytes: int
    def __init__(self, hits: _Optional[int] = ..., shared: _Optional[int] = ..., misses: _Optional[int] = ..., held_bytes: _Optional[int] = ...) -> None: ...
