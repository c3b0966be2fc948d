"""What the planner is asked for and what it answers, as typed values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from quartet.v1 import music_pb2, planner_pb2, stage_pb2
from quartet.wire import chosen, given_seeds, optional, wire_name

N = TypeVar("N", int, float)


class SamplingProfile(StrEnum):
    """Which settings of token sampling act: all, or those of the reference application's default backend."""

    STANDARD = "standard"
    COMPAT = "compat"


class PromptForm(StrEnum):
    """Layout of the prompts of audio codes; all but the first reproduce older results."""

    ALIGNED = "aligned"
    LEGACY = "legacy"
    LEGACY_UNCONDITIONAL = "legacy_unconditional"


class Finish(StrEnum):
    """Why lyrics ended: the model ended them, they reached their bound, or one line was repeated over and over."""

    STOP = "stop"
    LENGTH = "length"
    REPETITION = "repetition"


@dataclass(frozen=True)
class TokenSampling:
    """How the planner draws tokens. None leaves the choice to the server.

    Attributes:
        temperature: 0 is greedy, up to 2.
        top_p: Smallest set of tokens whose probability reaches this.
        top_k: Likeliest tokens that stay; 0 keeps all.
        repetition_penalty: Above 1 makes words that were written before less likely.
        profile: Which of these act.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int = 0
    repetition_penalty: float | None = None
    profile: SamplingProfile | str | None = None

    def to_message(self, seed: int = 0) -> planner_pb2.TokenSampling:
        """As a message. Raises ValueError for unknown names and for numbers that the message cannot hold."""
        return planner_pb2.TokenSampling(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            repetition_penalty=self.repetition_penalty,
            seed=seed,
            profile=wire_name(SamplingProfile, self.profile, "SAMPLING_PROFILE"),
        )

    @classmethod
    def from_message(cls, message: planner_pb2.TokenSampling) -> Self:
        """From the message, without its seed."""
        return cls(
            temperature=optional(message, "temperature"),
            top_p=optional(message, "top_p"),
            top_k=message.top_k,
            repetition_penalty=optional(message, "repetition_penalty"),
            profile=chosen(SamplingProfile, planner_pb2.SamplingProfile, message.profile, "SAMPLING_PROFILE"),
        )


@dataclass(frozen=True)
class Thinking:
    """What the planner does before the music is made. None takes the official application's default: everything.

    Attributes:
        think: Plans the song as audio codes that the music follows. True demands a planner, None uses one if there is.
        write_metadata: Lets the planner fill tempo, key, meter and length where they are open.
        rewrite_caption: Lets the planner write the caption anew for the music.
        detect_language: Lets the planner name the language of the vocals where it is open.
        sampling: How tokens are drawn.
        guidance: Guidance of the audio codes by the negative prompt, 1 to 10.
        negative_prompt: What the song should not be.
        seed: Seed of the plan; None and -1 take that of the first item.
        code_seeds: Seeds of the audio codes by item; items without one take `seed` + index.
        model: Planner model.
        prompt_form: Layout of the prompts of audio codes.
        best_of: Plans per item, 1 to 8; the item follows the one whose audio codes fit its words best.
    """

    think: bool | None = None
    write_metadata: bool | None = None
    rewrite_caption: bool | None = None
    detect_language: bool | None = None
    sampling: TokenSampling = TokenSampling()
    guidance: float | None = None
    negative_prompt: str = ""
    seed: int | None = None
    code_seeds: tuple[int, ...] = ()
    model: str = ""
    prompt_form: PromptForm | str | None = None
    best_of: int = 1

    @classmethod
    def none(cls) -> Self:
        """Nothing from the planner."""
        return cls(think=False, write_metadata=False, rewrite_caption=False, detect_language=False)

    def unplanned(self) -> Self:
        """Nothing from the planner, and the settings that would say how."""
        return dataclasses.replace(
            self, think=False, write_metadata=False, rewrite_caption=False, detect_language=False
        )

    @property
    def asks_planner(self) -> bool:
        """Whether anything of this takes a planner."""
        return any(
            wish is not False for wish in (self.think, self.write_metadata, self.rewrite_caption, self.detect_language)
        )

    def to_message(self) -> music_pb2.Thinking:
        """As a message. Raises ValueError for unknown names and for numbers that the message cannot hold."""
        return music_pb2.Thinking(
            think=self.think,
            write_metadata=self.write_metadata,
            rewrite_caption=self.rewrite_caption,
            detect_language=self.detect_language,
            sampling=self.sampling.to_message() if self.sampling != TokenSampling() else None,
            guidance_scale=self.guidance,
            negative_prompt=self.negative_prompt,
            seed=None if self.seed == -1 else self.seed,
            code_seeds=given_seeds(self.code_seeds),
            model=self.model,
            prompt_form=wire_name(PromptForm, self.prompt_form, "PROMPT_FORM"),
            best_of=self.best_of,
        )

    @classmethod
    def from_message(cls, message: music_pb2.Thinking) -> Self:
        """From the message."""
        return cls(
            think=optional(message, "think"),
            write_metadata=optional(message, "write_metadata"),
            rewrite_caption=optional(message, "rewrite_caption"),
            detect_language=optional(message, "detect_language"),
            sampling=TokenSampling.from_message(message.sampling),
            guidance=optional(message, "guidance_scale"),
            negative_prompt=message.negative_prompt,
            seed=optional(message, "seed"),
            code_seeds=tuple(message.code_seeds),
            model=message.model,
            prompt_form=chosen(PromptForm, planner_pb2.PromptForm, message.prompt_form, "PROMPT_FORM"),
            best_of=message.best_of or 1,
        )


@dataclass(frozen=True)
class Blueprint:
    """A song in words. None and empty values are open; `duration` is in seconds."""

    caption: str = ""
    lyrics: str = ""
    bpm: int | None = None
    key_scale: str = ""
    time_signature: str = ""
    vocal_language: str = ""
    duration: float | None = None

    def to_message(self) -> planner_pb2.Blueprint:
        """As a message. Raises ValueError for numbers that the message cannot hold."""
        return planner_pb2.Blueprint(
            caption=self.caption,
            lyrics=self.lyrics,
            metadata=stage_pb2.Metadata(
                bpm=unless_open(self.bpm),
                key_scale=self.key_scale,
                time_signature=self.time_signature,
                vocal_language=self.vocal_language,
                duration_seconds=unless_open(self.duration),
            ),
        )

    @classmethod
    def from_message(cls, message: planner_pb2.Blueprint) -> Self:
        """From the message."""
        metadata = message.metadata
        return cls(
            caption=message.caption,
            lyrics=message.lyrics,
            bpm=metadata.bpm or None,
            key_scale=metadata.key_scale,
            time_signature=metadata.time_signature,
            vocal_language=metadata.vocal_language,
            duration=metadata.duration_seconds or None,
        )


def unless_open(number: N | None) -> N | None:
    """None where a number says that it is open: -1 in many applications."""
    return None if number is None or number <= 0 else number


@dataclass(frozen=True)
class SongPlan:
    """What the planner made of a request: the song in words as the networks get it, and its thought, in YAML."""

    blueprint: Blueprint
    thought: str

    def to_message(self) -> music_pb2.SongPlan:
        """As a message."""
        return music_pb2.SongPlan(blueprint=self.blueprint.to_message(), thought=self.thought)

    @classmethod
    def from_message(cls, message: music_pb2.SongPlan) -> Self:
        """From the message."""
        return cls(Blueprint.from_message(message.blueprint), message.thought)


@dataclass(frozen=True)
class Composition:
    """A song in words that the planner wrote or heard; `codes` are those of what it heard, `seed` repeats the call."""

    blueprint: Blueprint
    genres: str
    finish: Finish
    warnings: tuple[str, ...]
    seed: int
    codes: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        message: music_pb2.ComposeResponse | music_pb2.RewriteResponse | music_pb2.UnderstandResponse,
        seed: int,
    ) -> Self:
        """From the message that answered a call with a seed."""
        codes = message.codes if isinstance(message, music_pb2.UnderstandResponse) else ()
        finish = chosen(Finish, planner_pb2.FinishReason, message.finish, "FINISH_REASON")
        return cls(
            blueprint=Blueprint.from_message(message.blueprint),
            genres=message.genres,
            finish=Finish(finish or Finish.STOP),
            warnings=tuple(message.warnings),
            seed=seed,
            codes=tuple(codes),
        )
