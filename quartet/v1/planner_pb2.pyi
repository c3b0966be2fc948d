from quartet.v1 import stage_pb2 as _stage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SamplingProfile(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLING_PROFILE_UNSPECIFIED: _ClassVar[SamplingProfile]
    SAMPLING_PROFILE_STANDARD: _ClassVar[SamplingProfile]
    SAMPLING_PROFILE_COMPAT: _ClassVar[SamplingProfile]

class PromptForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMPT_FORM_UNSPECIFIED: _ClassVar[PromptForm]
    PROMPT_FORM_ALIGNED: _ClassVar[PromptForm]
    PROMPT_FORM_LEGACY: _ClassVar[PromptForm]
    PROMPT_FORM_LEGACY_UNCONDITIONAL: _ClassVar[PromptForm]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STOP: _ClassVar[FinishReason]
    FINISH_REASON_LENGTH: _ClassVar[FinishReason]
    FINISH_REASON_REPETITION: _ClassVar[FinishReason]
SAMPLING_PROFILE_UNSPECIFIED: SamplingProfile
SAMPLING_PROFILE_STANDARD: SamplingProfile
SAMPLING_PROFILE_COMPAT: SamplingProfile
PROMPT_FORM_UNSPECIFIED: PromptForm
PROMPT_FORM_ALIGNED: PromptForm
PROMPT_FORM_LEGACY: PromptForm
PROMPT_FORM_LEGACY_UNCONDITIONAL: PromptForm
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STOP: FinishReason
FINISH_REASON_LENGTH: FinishReason
FINISH_REASON_REPETITION: FinishReason

class TokenSampling(_message.Message):
    __slots__ = ("temperature", "top_p", "top_k", "repetition_penalty", "seed", "profile")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    REPETITION_PENALTY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    seed: int
    profile: SamplingProfile
    def __init__(self, temperature: _Optional[float] = ..., top_p: _Optional[float] = ..., top_k: _Optional[int] = ..., repetition_penalty: _Optional[float] = ..., seed: _Optional[int] = ..., profile: _Optional[_Union[SamplingProfile, str]] = ...) -> None: ...

class Blueprint(_message.Message):
    __slots__ = ("caption", "lyrics", "metadata")
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    caption: str
    lyrics: str
    metadata: _stage_pb2.Metadata
    def __init__(self, caption: _Optional[str] = ..., lyrics: _Optional[str] = ..., metadata: _Optional[_Union[_stage_pb2.Metadata, _Mapping]] = ...) -> None: ...

class PlanRequest(_message.Message):
    __slots__ = ("model", "given", "rewrite_caption", "detect_language", "write_codes", "sampling", "guidance_scale", "negative_prompt", "thought", "prompt_form", "write_metadata", "min_seconds", "max_seconds")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    REWRITE_CAPTION_FIELD_NUMBER: _ClassVar[int]
    DETECT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    WRITE_CODES_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_SCALE_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FORM_FIELD_NUMBER: _ClassVar[int]
    WRITE_METADATA_FIELD_NUMBER: _ClassVar[int]
    MIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    model: str
    given: Blueprint
    rewrite_caption: bool
    detect_language: bool
    write_codes: bool
    sampling: TokenSampling
    guidance_scale: float
    negative_prompt: str
    thought: str
    prompt_form: PromptForm
    write_metadata: bool
    min_seconds: float
    max_seconds: float
    def __init__(self, model: _Optional[str] = ..., given: _Optional[_Union[Blueprint, _Mapping]] = ..., rewrite_caption: _Optional[bool] = ..., detect_language: _Optional[bool] = ..., write_codes: _Optional[bool] = ..., sampling: _Optional[_Union[TokenSampling, _Mapping]] = ..., guidance_scale: _Optional[float] = ..., negative_prompt: _Optional[str] = ..., thought: _Optional[str] = ..., prompt_form: _Optional[_Union[PromptForm, str]] = ..., write_metadata: _Optional[bool] = ..., min_seconds: _Optional[float] = ..., max_seconds: _Optional[float] = ...) -> None: ...

class PlanResponse(_message.Message):
    __slots__ = ("thought", "blueprint", "progress", "result")
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    thought: str
    blueprint: Blueprint
    progress: PlanProgress
    result: PlanResult
    def __init__(self, thought: _Optional[str] = ..., blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., progress: _Optional[_Union[PlanProgress, _Mapping]] = ..., result: _Optional[_Union[PlanResult, _Mapping]] = ...) -> None: ...

class PlanProgress(_message.Message):
    __slots__ = ("codes", "codes_total")
    CODES_FIELD_NUMBER: _ClassVar[int]
    CODES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    codes: int
    codes_total: int
    def __init__(self, codes: _Optional[int] = ..., codes_total: _Optional[int] = ...) -> None: ...

class PlanResult(_message.Message):
    __slots__ = ("blueprint", "codes", "thought", "warnings", "report", "metadata_ns", "codes_ns")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    METADATA_NS_FIELD_NUMBER: _ClassVar[int]
    CODES_NS_FIELD_NUMBER: _ClassVar[int]
    blueprint: Blueprint
    codes: _containers.RepeatedScalarFieldContainer[int]
    thought: str
    warnings: _containers.RepeatedScalarFieldContainer[str]
    report: _stage_pb2.StageReport
    metadata_ns: int
    codes_ns: int
    def __init__(self, blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., codes: _Optional[_Iterable[int]] = ..., thought: _Optional[str] = ..., warnings: _Optional[_Iterable[str]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., metadata_ns: _Optional[int] = ..., codes_ns: _Optional[int] = ...) -> None: ...

class PlannerServiceComposeRequest(_message.Message):
    __slots__ = ("model", "query", "instrumental", "vocal_language", "sampling")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTAL_FIELD_NUMBER: _ClassVar[int]
    VOCAL_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    model: str
    query: str
    instrumental: bool
    vocal_language: str
    sampling: TokenSampling
    def __init__(self, model: _Optional[str] = ..., query: _Optional[str] = ..., instrumental: _Optional[bool] = ..., vocal_language: _Optional[str] = ..., sampling: _Optional[_Union[TokenSampling, _Mapping]] = ...) -> None: ...

class PlannerServiceComposeResponse(_message.Message):
    __slots__ = ("blueprint", "report", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: Blueprint
    report: _stage_pb2.StageReport
    genres: str
    finish: FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class PlannerServiceRewriteRequest(_message.Message):
    __slots__ = ("model", "given", "sampling")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    model: str
    given: Blueprint
    sampling: TokenSampling
    def __init__(self, model: _Optional[str] = ..., given: _Optional[_Union[Blueprint, _Mapping]] = ..., sampling: _Optional[_Union[TokenSampling, _Mapping]] = ...) -> None: ...

class PlannerServiceRewriteResponse(_message.Message):
    __slots__ = ("blueprint", "report", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: Blueprint
    report: _stage_pb2.StageReport
    genres: str
    finish: FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class PlannerServiceUnderstandRequest(_message.Message):
    __slots__ = ("model", "codes", "sampling")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    model: str
    codes: _containers.RepeatedScalarFieldContainer[int]
    sampling: TokenSampling
    def __init__(self, model: _Optional[str] = ..., codes: _Optional[_Iterable[int]] = ..., sampling: _Optional[_Union[TokenSampling, _Mapping]] = ...) -> None: ...

class PlannerServiceUnderstandResponse(_message.Message):
    __slots__ = ("blueprint", "report", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: Blueprint
    report: _stage_pb2.StageReport
    genres: str
    finish: FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class PlannerServiceScoreRequest(_message.Message):
    __slots__ = ("model", "codes", "blueprint", "scale", "skip_tags", "genres")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SKIP_TAGS_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    model: str
    codes: _containers.RepeatedScalarFieldContainer[int]
    blueprint: Blueprint
    scale: float
    skip_tags: bool
    genres: str
    def __init__(self, model: _Optional[str] = ..., codes: _Optional[_Iterable[int]] = ..., blueprint: _Optional[_Union[Blueprint, _Mapping]] = ..., scale: _Optional[float] = ..., skip_tags: _Optional[bool] = ..., genres: _Optional[str] = ...) -> None: ...

class PlannerServiceScoreResponse(_message.Message):
    __slots__ = ("scores", "report")
    class ScoresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SCORES_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    scores: _containers.ScalarMap[str, float]
    report: _stage_pb2.StageReport
    def __init__(self, scores: _Optional[_Mapping[str, float]] = ..., report: _Optional[_Union[_stage_pb2.StageReport, _Mapping]] = ...) -> None: ...

class PlannerServiceGetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlannerServiceGetInfoResponse(_message.Message):
    __slots__ = ("info",)
    INFO_FIELD_NUMBER: _ClassVar[int]
    info: _stage_pb2.StageInfo
    def __init__(self, info: _Optional[_Union[_stage_pb2.StageInfo, _Mapping]] = ...) -> None: ...
