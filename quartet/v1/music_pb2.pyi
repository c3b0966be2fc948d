import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quartet.v1 import dit_pb2 as _dit_pb2
from quartet.v1 import planner_pb2 as _planner_pb2
from quartet.v1 import stage_pb2 as _stage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RepaintMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPAINT_MODE_UNSPECIFIED: _ClassVar[RepaintMode]
    REPAINT_MODE_CONSERVATIVE: _ClassVar[RepaintMode]
    REPAINT_MODE_BALANCED: _ClassVar[RepaintMode]
    REPAINT_MODE_AGGRESSIVE: _ClassVar[RepaintMode]

class Track(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACK_UNSPECIFIED: _ClassVar[Track]
    TRACK_WOODWINDS: _ClassVar[Track]
    TRACK_BRASS: _ClassVar[Track]
    TRACK_FX: _ClassVar[Track]
    TRACK_SYNTH: _ClassVar[Track]
    TRACK_STRINGS: _ClassVar[Track]
    TRACK_PERCUSSION: _ClassVar[Track]
    TRACK_KEYBOARD: _ClassVar[Track]
    TRACK_GUITAR: _ClassVar[Track]
    TRACK_BASS: _ClassVar[Track]
    TRACK_DRUMS: _ClassVar[Track]
    TRACK_BACKING_VOCALS: _ClassVar[Track]
    TRACK_VOCALS: _ClassVar[Track]

class AudioFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_FORMAT_UNSPECIFIED: _ClassVar[AudioFormat]
    AUDIO_FORMAT_FLAC: _ClassVar[AudioFormat]
    AUDIO_FORMAT_WAV16: _ClassVar[AudioFormat]
    AUDIO_FORMAT_WAV24: _ClassVar[AudioFormat]
    AUDIO_FORMAT_WAV32F: _ClassVar[AudioFormat]
    AUDIO_FORMAT_MP3: _ClassVar[AudioFormat]
    AUDIO_FORMAT_OPUS: _ClassVar[AudioFormat]
    AUDIO_FORMAT_VORBIS: _ClassVar[AudioFormat]
    AUDIO_FORMAT_M4A: _ClassVar[AudioFormat]
    AUDIO_FORMAT_AAC: _ClassVar[AudioFormat]

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]
REPAINT_MODE_UNSPECIFIED: RepaintMode
REPAINT_MODE_CONSERVATIVE: RepaintMode
REPAINT_MODE_BALANCED: RepaintMode
REPAINT_MODE_AGGRESSIVE: RepaintMode
TRACK_UNSPECIFIED: Track
TRACK_WOODWINDS: Track
TRACK_BRASS: Track
TRACK_FX: Track
TRACK_SYNTH: Track
TRACK_STRINGS: Track
TRACK_PERCUSSION: Track
TRACK_KEYBOARD: Track
TRACK_GUITAR: Track
TRACK_BASS: Track
TRACK_DRUMS: Track
TRACK_BACKING_VOCALS: Track
TRACK_VOCALS: Track
AUDIO_FORMAT_UNSPECIFIED: AudioFormat
AUDIO_FORMAT_FLAC: AudioFormat
AUDIO_FORMAT_WAV16: AudioFormat
AUDIO_FORMAT_WAV24: AudioFormat
AUDIO_FORMAT_WAV32F: AudioFormat
AUDIO_FORMAT_MP3: AudioFormat
AUDIO_FORMAT_OPUS: AudioFormat
AUDIO_FORMAT_VORBIS: AudioFormat
AUDIO_FORMAT_M4A: AudioFormat
AUDIO_FORMAT_AAC: AudioFormat
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState

class SongSpec(_message.Message):
    __slots__ = ("text_to_music", "cover", "repaint", "extend", "extract", "lego", "complete", "retake", "edit", "remix", "caption", "lyrics", "metadata", "duration", "reference_audio_id", "items", "seeds", "model", "sampling", "output", "thinking", "instrumental", "checks")
    class TextToMusic(_message.Message):
        __slots__ = ("codes", "code_strength")
        CODES_FIELD_NUMBER: _ClassVar[int]
        CODE_STRENGTH_FIELD_NUMBER: _ClassVar[int]
        codes: _containers.RepeatedScalarFieldContainer[int]
        code_strength: float
        def __init__(self, codes: _Optional[_Iterable[int]] = ..., code_strength: _Optional[float] = ...) -> None: ...
    class Cover(_message.Message):
        __slots__ = ("source_audio_id", "from_latents", "strength", "blend", "noise_strength")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        FROM_LATENTS_FIELD_NUMBER: _ClassVar[int]
        STRENGTH_FIELD_NUMBER: _ClassVar[int]
        BLEND_FIELD_NUMBER: _ClassVar[int]
        NOISE_STRENGTH_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        from_latents: bool
        strength: float
        blend: bool
        noise_strength: float
        def __init__(self, source_audio_id: _Optional[str] = ..., from_latents: _Optional[bool] = ..., strength: _Optional[float] = ..., blend: _Optional[bool] = ..., noise_strength: _Optional[float] = ...) -> None: ...
    class Repaint(_message.Message):
        __slots__ = ("source_audio_id", "regions", "free_mask", "mode", "strength")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        REGIONS_FIELD_NUMBER: _ClassVar[int]
        FREE_MASK_FIELD_NUMBER: _ClassVar[int]
        MODE_FIELD_NUMBER: _ClassVar[int]
        STRENGTH_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        regions: _containers.RepeatedCompositeFieldContainer[Region]
        free_mask: bool
        mode: RepaintMode
        strength: float
        def __init__(self, source_audio_id: _Optional[str] = ..., regions: _Optional[_Iterable[_Union[Region, _Mapping]]] = ..., free_mask: _Optional[bool] = ..., mode: _Optional[_Union[RepaintMode, str]] = ..., strength: _Optional[float] = ...) -> None: ...
    class Extend(_message.Message):
        __slots__ = ("source_audio_id", "before", "after")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        BEFORE_FIELD_NUMBER: _ClassVar[int]
        AFTER_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        before: _duration_pb2.Duration
        after: _duration_pb2.Duration
        def __init__(self, source_audio_id: _Optional[str] = ..., before: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
    class Extract(_message.Message):
        __slots__ = ("source_audio_id", "tracks")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        TRACKS_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        tracks: _containers.RepeatedScalarFieldContainer[Track]
        def __init__(self, source_audio_id: _Optional[str] = ..., tracks: _Optional[_Iterable[_Union[Track, str]]] = ...) -> None: ...
    class Lego(_message.Message):
        __slots__ = ("source_audio_id", "track", "regions")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        TRACK_FIELD_NUMBER: _ClassVar[int]
        REGIONS_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        track: Track
        regions: _containers.RepeatedCompositeFieldContainer[Region]
        def __init__(self, source_audio_id: _Optional[str] = ..., track: _Optional[_Union[Track, str]] = ..., regions: _Optional[_Iterable[_Union[Region, _Mapping]]] = ...) -> None: ...
    class Complete(_message.Message):
        __slots__ = ("source_audio_id", "tracks")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        TRACKS_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        tracks: _containers.RepeatedScalarFieldContainer[Track]
        def __init__(self, source_audio_id: _Optional[str] = ..., tracks: _Optional[_Iterable[_Union[Track, str]]] = ...) -> None: ...
    class Retake(_message.Message):
        __slots__ = ("variance", "seeds", "codes", "code_strength")
        VARIANCE_FIELD_NUMBER: _ClassVar[int]
        SEEDS_FIELD_NUMBER: _ClassVar[int]
        CODES_FIELD_NUMBER: _ClassVar[int]
        CODE_STRENGTH_FIELD_NUMBER: _ClassVar[int]
        variance: float
        seeds: _containers.RepeatedScalarFieldContainer[int]
        codes: _containers.RepeatedScalarFieldContainer[int]
        code_strength: float
        def __init__(self, variance: _Optional[float] = ..., seeds: _Optional[_Iterable[int]] = ..., codes: _Optional[_Iterable[int]] = ..., code_strength: _Optional[float] = ...) -> None: ...
    class Edit(_message.Message):
        __slots__ = ("source_audio_id", "source_caption", "source_lyrics", "n_min", "n_max", "n_avg")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        SOURCE_CAPTION_FIELD_NUMBER: _ClassVar[int]
        SOURCE_LYRICS_FIELD_NUMBER: _ClassVar[int]
        N_MIN_FIELD_NUMBER: _ClassVar[int]
        N_MAX_FIELD_NUMBER: _ClassVar[int]
        N_AVG_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        source_caption: str
        source_lyrics: str
        n_min: float
        n_max: float
        n_avg: int
        def __init__(self, source_audio_id: _Optional[str] = ..., source_caption: _Optional[str] = ..., source_lyrics: _Optional[str] = ..., n_min: _Optional[float] = ..., n_max: _Optional[float] = ..., n_avg: _Optional[int] = ...) -> None: ...
    class Remix(_message.Message):
        __slots__ = ("source_audio_id", "strength")
        SOURCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
        STRENGTH_FIELD_NUMBER: _ClassVar[int]
        source_audio_id: str
        strength: float
        def __init__(self, source_audio_id: _Optional[str] = ..., strength: _Optional[float] = ...) -> None: ...
    TEXT_TO_MUSIC_FIELD_NUMBER: _ClassVar[int]
    COVER_FIELD_NUMBER: _ClassVar[int]
    REPAINT_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    EXTRACT_FIELD_NUMBER: _ClassVar[int]
    LEGO_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    RETAKE_FIELD_NUMBER: _ClassVar[int]
    EDIT_FIELD_NUMBER: _ClassVar[int]
    REMIX_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTAL_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    text_to_music: SongSpec.TextToMusic
    cover: SongSpec.Cover
    repaint: SongSpec.Repaint
    extend: SongSpec.Extend
    extract: SongSpec.Extract
    lego: SongSpec.Lego
    complete: SongSpec.Complete
    retake: SongSpec.Retake
    edit: SongSpec.Edit
    remix: SongSpec.Remix
    caption: str
    lyrics: str
    metadata: _stage_pb2.Metadata
    duration: _duration_pb2.Duration
    reference_audio_id: str
    items: int
    seeds: _containers.RepeatedScalarFieldContainer[int]
    model: str
    sampling: SongSampling
    output: SongOutput
    thinking: Thinking
    instrumental: bool
    checks: SongChecks
    def __init__(self, text_to_music: _Optional[_Union[SongSpec.TextToMusic, _Mapping]] = ..., cover: _Optional[_Union[SongSpec.Cover, _Mapping]] = ..., repaint: _Optional[_Union[SongSpec.Repaint, _Mapping]] = ..., extend: _Optional[_Union[SongSpec.Extend, _Mapping]] = ..., extract: _Optional[_Union[SongSpec.Extract, _Mapping]] = ..., lego: _Optional[_Union[SongSpec.Lego, _Mapping]] = ..., complete: _Optional[_Union[SongSpec.Complete, _Mapping]] = ..., retake: _Optional[_Union[SongSpec.Retake, _Mapping]] = ..., edit: _Optional[_Union[SongSpec.Edit, _Mapping]] = ..., remix: _Optional[_Union[SongSpec.Remix, _Mapping]] = ..., caption: _Optional[str] = ..., lyrics: _Optional[str] = ..., metadata: _Optional[_Union[_stage_pb2.Metadata, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reference_audio_id: _Optional[str] = ..., items: _Optional[int] = ..., seeds: _Optional[_Iterable[int]] = ..., model: _Optional[str] = ..., sampling: _Optional[_Union[SongSampling, _Mapping]] = ..., output: _Optional[_Union[SongOutput, _Mapping]] = ..., thinking: _Optional[_Union[Thinking, _Mapping]] = ..., instrumental: _Optional[bool] = ..., checks: _Optional[_Union[SongChecks, _Mapping]] = ...) -> None: ...

class SongChecks(_message.Message):
    __slots__ = ("scores", "lyrics_timing")
    SCORES_FIELD_NUMBER: _ClassVar[int]
    LYRICS_TIMING_FIELD_NUMBER: _ClassVar[int]
    scores: bool
    lyrics_timing: bool
    def __init__(self, scores: _Optional[bool] = ..., lyrics_timing: _Optional[bool] = ...) -> None: ...

class Region(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: _duration_pb2.Duration
    end: _duration_pb2.Duration
    def __init__(self, start: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Thinking(_message.Message):
    __slots__ = ("think", "write_metadata", "rewrite_caption", "detect_language", "sampling", "guidance_scale", "negative_prompt", "seed", "code_seeds", "model", "prompt_form", "best_of")
    THINK_FIELD_NUMBER: _ClassVar[int]
    WRITE_METADATA_FIELD_NUMBER: _ClassVar[int]
    REWRITE_CAPTION_FIELD_NUMBER: _ClassVar[int]
    DETECT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_SCALE_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CODE_SEEDS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FORM_FIELD_NUMBER: _ClassVar[int]
    BEST_OF_FIELD_NUMBER: _ClassVar[int]
    think: bool
    write_metadata: bool
    rewrite_caption: bool
    detect_language: bool
    sampling: _planner_pb2.TokenSampling
    guidance_scale: float
    negative_prompt: str
    seed: int
    code_seeds: _containers.RepeatedScalarFieldContainer[int]
    model: str
    prompt_form: _planner_pb2.PromptForm
    best_of: int
    def __init__(self, think: _Optional[bool] = ..., write_metadata: _Optional[bool] = ..., rewrite_caption: _Optional[bool] = ..., detect_language: _Optional[bool] = ..., sampling: _Optional[_Union[_planner_pb2.TokenSampling, _Mapping]] = ..., guidance_scale: _Optional[float] = ..., negative_prompt: _Optional[str] = ..., seed: _Optional[int] = ..., code_seeds: _Optional[_Iterable[int]] = ..., model: _Optional[str] = ..., prompt_form: _Optional[_Union[_planner_pb2.PromptForm, str]] = ..., best_of: _Optional[int] = ...) -> None: ...

class SongPlan(_message.Message):
    __slots__ = ("blueprint", "thought")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    blueprint: _planner_pb2.Blueprint
    thought: str
    def __init__(self, blueprint: _Optional[_Union[_planner_pb2.Blueprint, _Mapping]] = ..., thought: _Optional[str] = ...) -> None: ...

class SongSampling(_message.Message):
    __slots__ = ("schedule", "method", "guidance", "wavelet_correction", "velocity_clamp", "velocity_ema", "latent_shift", "latent_rescale")
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    WAVELET_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_CLAMP_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_EMA_FIELD_NUMBER: _ClassVar[int]
    LATENT_SHIFT_FIELD_NUMBER: _ClassVar[int]
    LATENT_RESCALE_FIELD_NUMBER: _ClassVar[int]
    schedule: _dit_pb2.Schedule
    method: _dit_pb2.SamplerMethod
    guidance: _dit_pb2.Guidance
    wavelet_correction: _dit_pb2.WaveletCorrection
    velocity_clamp: float
    velocity_ema: float
    latent_shift: float
    latent_rescale: float
    def __init__(self, schedule: _Optional[_Union[_dit_pb2.Schedule, _Mapping]] = ..., method: _Optional[_Union[_dit_pb2.SamplerMethod, str]] = ..., guidance: _Optional[_Union[_dit_pb2.Guidance, _Mapping]] = ..., wavelet_correction: _Optional[_Union[_dit_pb2.WaveletCorrection, _Mapping]] = ..., velocity_clamp: _Optional[float] = ..., velocity_ema: _Optional[float] = ..., latent_shift: _Optional[float] = ..., latent_rescale: _Optional[float] = ...) -> None: ...

class SongOutput(_message.Message):
    __slots__ = ("format", "peak_dbfs", "keep_level", "fade_in", "fade_out", "mp3_bitrate_kbps", "sample_rate", "title", "no_tags")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PEAK_DBFS_FIELD_NUMBER: _ClassVar[int]
    KEEP_LEVEL_FIELD_NUMBER: _ClassVar[int]
    FADE_IN_FIELD_NUMBER: _ClassVar[int]
    FADE_OUT_FIELD_NUMBER: _ClassVar[int]
    MP3_BITRATE_KBPS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    NO_TAGS_FIELD_NUMBER: _ClassVar[int]
    format: AudioFormat
    peak_dbfs: float
    keep_level: bool
    fade_in: _duration_pb2.Duration
    fade_out: _duration_pb2.Duration
    mp3_bitrate_kbps: int
    sample_rate: int
    title: str
    no_tags: bool
    def __init__(self, format: _Optional[_Union[AudioFormat, str]] = ..., peak_dbfs: _Optional[float] = ..., keep_level: _Optional[bool] = ..., fade_in: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., fade_out: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., mp3_bitrate_kbps: _Optional[int] = ..., sample_rate: _Optional[int] = ..., title: _Optional[str] = ..., no_tags: _Optional[bool] = ...) -> None: ...

class GenerateRequest(_message.Message):
    __slots__ = ("song", "request_id")
    SONG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    song: SongSpec
    request_id: str
    def __init__(self, song: _Optional[_Union[SongSpec, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GenerateResponse(_message.Message):
    __slots__ = ("job", "progress", "audio", "record")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    job: Job
    progress: StageProgress
    audio: AudioFileChunk
    record: SongRecord
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., progress: _Optional[_Union[StageProgress, _Mapping]] = ..., audio: _Optional[_Union[AudioFileChunk, _Mapping]] = ..., record: _Optional[_Union[SongRecord, _Mapping]] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("id", "state", "song", "created_at", "started_at", "ended_at", "stage", "failure", "record", "request_id", "plan")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SONG_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: JobState
    song: SongSpec
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    stage: str
    failure: JobFailure
    record: SongRecord
    request_id: str
    plan: SongPlan
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., song: _Optional[_Union[SongSpec, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stage: _Optional[str] = ..., failure: _Optional[_Union[JobFailure, _Mapping]] = ..., record: _Optional[_Union[SongRecord, _Mapping]] = ..., request_id: _Optional[str] = ..., plan: _Optional[_Union[SongPlan, _Mapping]] = ...) -> None: ...

class JobFailure(_message.Message):
    __slots__ = ("reason", "message", "stage", "code")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    stage: str
    code: int
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ..., stage: _Optional[str] = ..., code: _Optional[int] = ...) -> None: ...

class StageProgress(_message.Message):
    __slots__ = ("stage", "item", "step", "steps")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    item: int
    step: int
    steps: int
    def __init__(self, stage: _Optional[str] = ..., item: _Optional[int] = ..., step: _Optional[int] = ..., steps: _Optional[int] = ...) -> None: ...

class AudioFileChunk(_message.Message):
    __slots__ = ("item", "offset", "data", "last")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    item: int
    offset: int
    data: bytes
    last: bool
    def __init__(self, item: _Optional[int] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ..., last: _Optional[bool] = ...) -> None: ...

class SongRecord(_message.Message):
    __slots__ = ("job_id", "song", "items", "timings", "total_ns", "models", "warnings", "plan")
    class ModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _stage_pb2.ModelInfo
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_stage_pb2.ModelInfo, _Mapping]] = ...) -> None: ...
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    SONG_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    song: SongSpec
    items: _containers.RepeatedCompositeFieldContainer[SongItem]
    timings: _containers.RepeatedCompositeFieldContainer[StageTiming]
    total_ns: int
    models: _containers.MessageMap[str, _stage_pb2.ModelInfo]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    plan: SongPlan
    def __init__(self, job_id: _Optional[str] = ..., song: _Optional[_Union[SongSpec, _Mapping]] = ..., items: _Optional[_Iterable[_Union[SongItem, _Mapping]]] = ..., timings: _Optional[_Iterable[_Union[StageTiming, _Mapping]]] = ..., total_ns: _Optional[int] = ..., models: _Optional[_Mapping[str, _stage_pb2.ModelInfo]] = ..., warnings: _Optional[_Iterable[str]] = ..., plan: _Optional[_Union[SongPlan, _Mapping]] = ...) -> None: ...

class SongItem(_message.Message):
    __slots__ = ("index", "seed", "audio_id", "format", "bytes", "sha256", "samples", "sample_rate", "channels", "peak", "timesteps", "codes", "code_seed", "code_reward", "track", "variation_seed", "scores", "lyric_lines", "lyric_scores")
    class ScoresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    TIMESTEPS_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    CODE_SEED_FIELD_NUMBER: _ClassVar[int]
    CODE_REWARD_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    VARIATION_SEED_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    LYRIC_LINES_FIELD_NUMBER: _ClassVar[int]
    LYRIC_SCORES_FIELD_NUMBER: _ClassVar[int]
    index: int
    seed: int
    audio_id: str
    format: AudioFormat
    bytes: int
    sha256: str
    samples: int
    sample_rate: int
    channels: int
    peak: float
    timesteps: _containers.RepeatedScalarFieldContainer[float]
    codes: _containers.RepeatedScalarFieldContainer[int]
    code_seed: int
    code_reward: float
    track: Track
    variation_seed: int
    scores: _containers.ScalarMap[str, float]
    lyric_lines: _containers.RepeatedCompositeFieldContainer[LyricLine]
    lyric_scores: LyricScores
    def __init__(self, index: _Optional[int] = ..., seed: _Optional[int] = ..., audio_id: _Optional[str] = ..., format: _Optional[_Union[AudioFormat, str]] = ..., bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., samples: _Optional[int] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ..., peak: _Optional[float] = ..., timesteps: _Optional[_Iterable[float]] = ..., codes: _Optional[_Iterable[int]] = ..., code_seed: _Optional[int] = ..., code_reward: _Optional[float] = ..., track: _Optional[_Union[Track, str]] = ..., variation_seed: _Optional[int] = ..., scores: _Optional[_Mapping[str, float]] = ..., lyric_lines: _Optional[_Iterable[_Union[LyricLine, _Mapping]]] = ..., lyric_scores: _Optional[_Union[LyricScores, _Mapping]] = ...) -> None: ...

class StageTiming(_message.Message):
    __slots__ = ("stage", "item", "start_ns", "total_ns", "queue_ns", "compute_ns")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    START_NS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NS_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_NS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    item: int
    start_ns: int
    total_ns: int
    queue_ns: int
    compute_ns: int
    def __init__(self, stage: _Optional[str] = ..., item: _Optional[int] = ..., start_ns: _Optional[int] = ..., total_ns: _Optional[int] = ..., queue_ns: _Optional[int] = ..., compute_ns: _Optional[int] = ...) -> None: ...

class CreateJobRequest(_message.Message):
    __slots__ = ("song", "request_id")
    SONG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    song: SongSpec
    request_id: str
    def __init__(self, song: _Optional[_Union[SongSpec, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("states", "page_size", "page_token")
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[JobState]
    page_size: int
    page_token: str
    def __init__(self, states: _Optional[_Iterable[_Union[JobState, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class WatchJobResponse(_message.Message):
    __slots__ = ("job", "progress")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    job: Job
    progress: StageProgress
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., progress: _Optional[_Union[StageProgress, _Mapping]] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class DeleteJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class DeleteJobResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UploadAudioRequest(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: AudioUpload
    data: bytes
    def __init__(self, header: _Optional[_Union[AudioUpload, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class AudioUpload(_message.Message):
    __slots__ = ("bytes",)
    BYTES_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    def __init__(self, bytes: _Optional[int] = ...) -> None: ...

class UploadAudioResponse(_message.Message):
    __slots__ = ("audio_id", "duration", "sample_rate", "channels")
    AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    audio_id: str
    duration: _duration_pb2.Duration
    sample_rate: int
    channels: int
    def __init__(self, audio_id: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ...) -> None: ...

class ReadAudioRequest(_message.Message):
    __slots__ = ("audio_id", "offset", "limit")
    AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    audio_id: str
    offset: int
    limit: int
    def __init__(self, audio_id: _Optional[str] = ..., offset: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class ReadAudioResponse(_message.Message):
    __slots__ = ("offset", "data", "total_bytes")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    total_bytes: int
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class ComposeRequest(_message.Message):
    __slots__ = ("query", "instrumental", "vocal_language", "sampling", "model")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTAL_FIELD_NUMBER: _ClassVar[int]
    VOCAL_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    query: str
    instrumental: bool
    vocal_language: str
    sampling: _planner_pb2.TokenSampling
    model: str
    def __init__(self, query: _Optional[str] = ..., instrumental: _Optional[bool] = ..., vocal_language: _Optional[str] = ..., sampling: _Optional[_Union[_planner_pb2.TokenSampling, _Mapping]] = ..., model: _Optional[str] = ...) -> None: ...

class ComposeResponse(_message.Message):
    __slots__ = ("blueprint", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: _planner_pb2.Blueprint
    genres: str
    finish: _planner_pb2.FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[_planner_pb2.Blueprint, _Mapping]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[_planner_pb2.FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class RewriteRequest(_message.Message):
    __slots__ = ("given", "sampling", "model")
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    given: _planner_pb2.Blueprint
    sampling: _planner_pb2.TokenSampling
    model: str
    def __init__(self, given: _Optional[_Union[_planner_pb2.Blueprint, _Mapping]] = ..., sampling: _Optional[_Union[_planner_pb2.TokenSampling, _Mapping]] = ..., model: _Optional[str] = ...) -> None: ...

class RewriteResponse(_message.Message):
    __slots__ = ("blueprint", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: _planner_pb2.Blueprint
    genres: str
    finish: _planner_pb2.FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[_planner_pb2.Blueprint, _Mapping]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[_planner_pb2.FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class UnderstandRequest(_message.Message):
    __slots__ = ("audio_id", "sampling", "codes", "model")
    AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    audio_id: str
    sampling: _planner_pb2.TokenSampling
    codes: _containers.RepeatedScalarFieldContainer[int]
    model: str
    def __init__(self, audio_id: _Optional[str] = ..., sampling: _Optional[_Union[_planner_pb2.TokenSampling, _Mapping]] = ..., codes: _Optional[_Iterable[int]] = ..., model: _Optional[str] = ...) -> None: ...

class UnderstandResponse(_message.Message):
    __slots__ = ("blueprint", "codes", "genres", "finish", "warnings")
    BLUEPRINT_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    blueprint: _planner_pb2.Blueprint
    codes: _containers.RepeatedScalarFieldContainer[int]
    genres: str
    finish: _planner_pb2.FinishReason
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blueprint: _Optional[_Union[_planner_pb2.Blueprint, _Mapping]] = ..., codes: _Optional[_Iterable[int]] = ..., genres: _Optional[str] = ..., finish: _Optional[_Union[_planner_pb2.FinishReason, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class TranscribeLyricsTimingRequest(_message.Message):
    __slots__ = ("job_id", "item", "audio_id", "lyrics", "caption", "vocal_language")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    VOCAL_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    item: int
    audio_id: str
    lyrics: str
    caption: str
    vocal_language: str
    def __init__(self, job_id: _Optional[str] = ..., item: _Optional[int] = ..., audio_id: _Optional[str] = ..., lyrics: _Optional[str] = ..., caption: _Optional[str] = ..., vocal_language: _Optional[str] = ...) -> None: ...

class LyricLine(_message.Message):
    __slots__ = ("text", "start", "end", "words", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    start: _duration_pb2.Duration
    end: _duration_pb2.Duration
    words: _containers.RepeatedCompositeFieldContainer[LyricWord]
    confidence: float
    def __init__(self, text: _Optional[str] = ..., start: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., words: _Optional[_Iterable[_Union[LyricWord, _Mapping]]] = ..., confidence: _Optional[float] = ...) -> None: ...

class LyricWord(_message.Message):
    __slots__ = ("text", "start", "end", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    start: _duration_pb2.Duration
    end: _duration_pb2.Duration
    confidence: float
    def __init__(self, text: _Optional[str] = ..., start: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., confidence: _Optional[float] = ...) -> None: ...

class LyricScores(_message.Message):
    __slots__ = ("coverage", "monotonicity", "confidence", "overall")
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    MONOTONICITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    coverage: float
    monotonicity: float
    confidence: float
    overall: float
    def __init__(self, coverage: _Optional[float] = ..., monotonicity: _Optional[float] = ..., confidence: _Optional[float] = ..., overall: _Optional[float] = ...) -> None: ...

class TranscribeLyricsTimingResponse(_message.Message):
    __slots__ = ("lines", "scores", "warnings")
    LINES_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LyricLine]
    scores: LyricScores
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lines: _Optional[_Iterable[_Union[LyricLine, _Mapping]]] = ..., scores: _Optional[_Union[LyricScores, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class ScoreRequest(_message.Message):
    __slots__ = ("job_id", "item", "model", "scale", "skip_tags", "genres")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SKIP_TAGS_FIELD_NUMBER: _ClassVar[int]
    GENRES_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    item: int
    model: str
    scale: float
    skip_tags: bool
    genres: str
    def __init__(self, job_id: _Optional[str] = ..., item: _Optional[int] = ..., model: _Optional[str] = ..., scale: _Optional[float] = ..., skip_tags: _Optional[bool] = ..., genres: _Optional[str] = ...) -> None: ...

class ScoreResponse(_message.Message):
    __slots__ = ("scores", "alignment", "warnings")
    class ScoresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SCORES_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    scores: _containers.ScalarMap[str, float]
    alignment: LyricScores
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scores: _Optional[_Mapping[str, float]] = ..., alignment: _Optional[_Union[LyricScores, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MusicModel(_message.Message):
    __slots__ = ("model", "min_duration", "max_duration", "defaults")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MIN_DURATION_FIELD_NUMBER: _ClassVar[int]
    MAX_DURATION_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    model: _stage_pb2.ModelInfo
    min_duration: _duration_pb2.Duration
    max_duration: _duration_pb2.Duration
    defaults: _dit_pb2.SamplingDefaults
    def __init__(self, model: _Optional[_Union[_stage_pb2.ModelInfo, _Mapping]] = ..., min_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., defaults: _Optional[_Union[_dit_pb2.SamplingDefaults, _Mapping]] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[MusicModel]
    def __init__(self, models: _Optional[_Iterable[_Union[MusicModel, _Mapping]]] = ...) -> None: ...

class ListAdaptersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAdaptersResponse(_message.Message):
    __slots__ = ("adapters",)
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    adapters: _containers.RepeatedCompositeFieldContainer[_dit_pb2.Adapter]
    def __init__(self, adapters: _Optional[_Iterable[_Union[_dit_pb2.Adapter, _Mapping]]] = ...) -> None: ...

class GetCapacityRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StageReplica(_message.Message):
    __slots__ = ("address", "ready", "info", "problem")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    address: str
    ready: bool
    info: _stage_pb2.StageInfo
    problem: str
    def __init__(self, address: _Optional[str] = ..., ready: _Optional[bool] = ..., info: _Optional[_Union[_stage_pb2.StageInfo, _Mapping]] = ..., problem: _Optional[str] = ...) -> None: ...

class StagePool(_message.Message):
    __slots__ = ("stage", "replicas")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    replicas: _containers.RepeatedCompositeFieldContainer[StageReplica]
    def __init__(self, stage: _Optional[str] = ..., replicas: _Optional[_Iterable[_Union[StageReplica, _Mapping]]] = ...) -> None: ...

class GetCapacityResponse(_message.Message):
    __slots__ = ("stages", "queued_jobs", "running_jobs")
    STAGES_FIELD_NUMBER: _ClassVar[int]
    QUEUED_JOBS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_JOBS_FIELD_NUMBER: _ClassVar[int]
    stages: _containers.RepeatedCompositeFieldContainer[StagePool]
    queued_jobs: int
    running_jobs: int
    def __init__(self, stages: _Optional[_Iterable[_Union[StagePool, _Mapping]]] = ..., queued_jobs: _Optional[int] = ..., running_jobs: _Optional[int] = ...) -> None: ...
