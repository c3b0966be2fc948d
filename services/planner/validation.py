"""From requests of the contract to wishes of the planner. Notes every invalid field; normalises what is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quartet.v1 import planner_pb2, stage_pb2
from quartet.validation import Violations
from services.planner.codes import CODES_PER_SECOND, whole_seconds
from services.planner.lengths import Lengths
from services.planner.modes import PlanWish
from services.planner.prompts import PromptForm
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish
from services.planner.thought import Thought, ThoughtError
from serving import planning

TEMPERATURE = 0.85
UNDERSTAND_TEMPERATURE = 0.3
TOP_P = 0.9
GUIDANCE_SCALE = 2.0
SCORE_SCALE = 0.1

_FORMS = {
    planner_pb2.PROMPT_FORM_UNSPECIFIED: PromptForm.ALIGNED,
    planner_pb2.PROMPT_FORM_ALIGNED: PromptForm.ALIGNED,
    planner_pb2.PROMPT_FORM_LEGACY: PromptForm.LEGACY,
    planner_pb2.PROMPT_FORM_LEGACY_UNCONDITIONAL: PromptForm.LEGACY_UNCONDITIONAL,
}


@dataclass(frozen=True)
class GivenSong:
    """What a user gave: words as they are, metadata as the planner writes it, the exact length in seconds."""

    caption: str
    lyrics: str
    thought: Thought
    seconds: float | None


def sampling(message: planner_pb2.TokenSampling, check: Violations, *, temperature: float) -> TokenSampling:
    """How tokens are drawn, with the defaults of a mode."""
    planning.check_sampling(message, check, "sampling")
    drawn = TokenSampling(
        temperature=message.temperature if message.HasField("temperature") else temperature,
        top_k=message.top_k,
        top_p=message.top_p if message.HasField("top_p") else TOP_P,
        repetition_penalty=message.repetition_penalty if message.HasField("repetition_penalty") else 1.0,
        seed=message.seed,
    )
    return drawn.compat() if message.profile == planner_pb2.SAMPLING_PROFILE_COMPAT else drawn


def given_song(
    message: planner_pb2.Blueprint, check: Violations, *, lengths: Lengths, path: str = "given"
) -> GivenSong:
    """Caption, lyrics and metadata of a blueprint."""
    check_text(message.caption, planning.MAX_CAPTION_CHARACTERS, check, f"{path}.caption")
    check_text(message.lyrics, planning.MAX_LYRIC_CHARACTERS, check, f"{path}.lyrics")
    seconds = _seconds(message.metadata, lengths, check, f"{path}.metadata.duration_seconds")
    thought = replace(
        _metadata(message.metadata, check, f"{path}.metadata"),
        duration=None if seconds is None else whole_seconds(seconds),
    )
    return GivenSong(message.caption, message.lyrics, thought, seconds)


def plan_wish(request: planner_pb2.PlanRequest, check: Violations, *, max_seconds: int) -> PlanWish:
    """The wish of a plan; of use only where nothing was noted."""
    lengths = _lengths(request, max_seconds, check)
    given = given_song(request.given, check, lengths=lengths)
    scale = request.guidance_scale if request.HasField("guidance_scale") else GUIDANCE_SCALE
    planning.check_guidance(scale, check, "guidance_scale")
    planning.check_prompt_form(request.prompt_form, check, "prompt_form")
    check_text(request.negative_prompt, planning.MAX_CAPTION_CHARACTERS, check, "negative_prompt")
    thought = _thought(request.thought, max_seconds, check)
    write_metadata = request.write_metadata if request.HasField("write_metadata") else True
    length_known = given.seconds is not None or (thought.duration if thought else write_metadata)
    check.that(
        bool(length_known) or not request.write_codes,
        "given.metadata.duration_seconds",
        "is missing; audio codes need a length: give one, or let the planner write metadata",
    )
    if thought:
        _check_agreement(given.thought, thought, check)
        _check_length(thought, given.seconds, lengths, check)
        thought = thought.overridden_by(given.thought)
    return PlanWish(
        caption=given.caption,
        lyrics=given.lyrics,
        given=given.thought,
        seconds=given.seconds,
        write_metadata=write_metadata,
        rewrite_caption=request.rewrite_caption,
        detect_language=request.detect_language,
        write_codes=request.write_codes,
        sampling=sampling(request.sampling, check, temperature=TEMPERATURE),
        guidance_scale=scale,
        negative_prompt=request.negative_prompt,
        thought=thought,
        form=_FORMS.get(request.prompt_form, PromptForm.ALIGNED),
        lengths=lengths,
    )


def _check_agreement(given: Thought, thought: Thought, check: Violations) -> None:
    """What the user gave and what the plan says are one, where both say something; the exact length is the user's."""
    for name, path in (
        ("bpm", "bpm"),
        ("keyscale", "key_scale"),
        ("timesignature", "time_signature"),
        ("language", "vocal_language"),
    ):
        asked, planned = getattr(given, name), getattr(thought, name)
        agree = asked in (None, "") or planned in (None, "") or asked == planned
        check.that(agree, f"given.metadata.{path}", f"is {asked}, but the thought says {planned}")


def _check_length(thought: Thought, given: float | None, lengths: Lengths, check: Violations) -> None:
    """The length of an earlier plan is one that the caller can use, unless he gives another."""
    if given is None and thought.duration is not None:
        check.that(
            lengths.shortest <= thought.duration <= lengths.longest,
            "thought",
            f"has the duration {thought.duration}, must be within {lengths.shortest:g} and {lengths.longest:g}; "
            "give another in given.metadata.duration_seconds",
        )


def score_wish(
    request: planner_pb2.PlannerServiceScoreRequest, check: Violations, *, max_seconds: int, codebook_size: int
) -> ScoreWish:
    """The wish of a score."""
    codes = audio_codes(request.codes, check, max_seconds=max_seconds, codebook_size=codebook_size)
    check.that(len(codes) > 0, "codes", "are missing")
    song = given_song(request.blueprint, check, lengths=Lengths(longest=max_seconds), path="blueprint")
    check_text(request.genres, planning.MAX_CAPTION_CHARACTERS, check, "genres")
    thought = replace(song.thought, caption=song.caption.strip(), genres=request.genres.strip())
    something = thought != Thought() or bool(song.lyrics.strip())
    check.that(something, "blueprint", "is empty; set at least one part to score")
    scale = request.scale if request.HasField("scale") else SCORE_SCALE
    check.within(scale, 0.01, 1, "scale")
    return ScoreWish(codes, thought, song.lyrics, scale, request.skip_tags)


def audio_codes(codes: Sequence[int], check: Violations, *, max_seconds: int, codebook_size: int) -> tuple[int, ...]:
    """Audio codes of a model, within the longest song."""
    most = max_seconds * CODES_PER_SECOND
    check.that(len(codes) <= most, "codes", f"{len(codes)} codes, at most {most} are allowed")
    largest = max(codes, default=0)
    check.that(largest < codebook_size, "codes", f"{largest} is no code; they end at {codebook_size - 1}")
    return tuple(codes)


def check_text(text: str, most: int, check: Violations, path: str) -> None:
    """Notes a text that is too long."""
    check.characters(text, most, path)


def language(text: str, check: Violations, path: str) -> str:
    """A language as the planner writes it; empty where it is left open."""
    planning.check_language(text, check, path)
    return "" if planning.is_open(text) else planning.language(text) or ""


def _metadata(message: stage_pb2.Metadata, check: Violations, path: str) -> Thought:
    bpm = message.bpm or None
    if bpm is not None:
        check.within(bpm, planning.MIN_BPM, planning.MAX_BPM, f"{path}.bpm")
    key, meter = message.key_scale, message.time_signature
    return Thought(
        bpm=bpm,
        keyscale=_normalised(
            key, planning.key_scale(key), planning.is_open(key), check, f"{path}.key_scale", "a key such as F# minor"
        ),
        timesignature=_normalised(
            meter,
            planning.time_signature(meter),
            planning.is_open(meter),
            check,
            f"{path}.time_signature",
            "one of 2, 3, 4, 6",
        ),
        language=language(message.vocal_language, check, f"{path}.vocal_language"),
    )


def _normalised(text: str, found: str | None, is_open: bool, check: Violations, path: str, wanted: str) -> str:
    if is_open:
        return ""
    check.that(found is not None, path, f"is {text[:40]!r}, must be {wanted} that the planner knows, or empty")
    return found or ""


def _lengths(request: planner_pb2.PlanRequest, max_seconds: int, check: Violations) -> Lengths:
    """Lengths that the caller can use and the planner can plan; all of the latter where a limit is wrong."""
    every = Lengths(longest=max_seconds)
    if not check.within(request.min_seconds, 0, max_seconds, "min_seconds"):
        return every
    shortest = max(request.min_seconds, every.shortest)
    if not request.HasField("max_seconds"):
        return replace(every, shortest=shortest)
    lengths = Lengths(shortest, min(request.max_seconds, max_seconds))
    fits = math.isfinite(request.max_seconds) and len(lengths.choices(max_seconds)) > 0
    check.that(fits, "max_seconds", f"is {request.max_seconds:g}, leaves no whole second from {shortest:g} on")
    return lengths if fits else every


def _seconds(message: stage_pb2.Metadata, lengths: Lengths, check: Violations, path: str) -> float | None:
    """The length; None where it is open."""
    if not message.HasField("duration_seconds") or message.duration_seconds <= 0:
        return None
    fits = check.within(message.duration_seconds, lengths.shortest, lengths.longest, path)
    return message.duration_seconds if fits else None


def _thought(text: str, max_seconds: int, check: Violations) -> Thought | None:
    check_text(text, planning.MAX_THOUGHT_CHARACTERS, check, "thought")
    if not text or len(text) > planning.MAX_THOUGHT_CHARACTERS:
        return None
    try:
        return Thought.parse(text, max_seconds=max_seconds)
    except ThoughtError as error:
        check.add("thought", str(error))
        return None
