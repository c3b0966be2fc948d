"""The modes of the planner as scripts: which prompts and grammars, in which order, and what becomes of the answers.

spec/planner.md §2 and §5. Scripts run between forward passes on the compute thread.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.planner.codes import CODES_PER_SECOND, LONGEST_RUN, code_count, longest_run
from services.planner.grammar import FIELD_TOKENS, Field, Grammar, known_lines
from services.planner.lengths import Lengths
from services.planner.prompts import INSTRUMENTAL, Ids, PromptForm, Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import CodesTask, Script, Task, TextTask, cost
from services.planner.thought import MIN_SECONDS, Thought, parse_written
from services.planner.writing import Finish, Written

METADATA = (Field.BPM, Field.DURATION, Field.KEYSCALE, Field.TIMESIGNATURE)
ATTEMPTS = 3
# What answers usually take (spec/planner.md §3.1).
_USUAL_SECONDS = 210
_USUAL_LYRIC_TOKENS = 384
_HEADER = re.compile(r"\s*#\s*lyrics?\s*(\n|$)", re.IGNORECASE)
_TAG = re.compile(r"\s*(\[[^\]]*\]\s*)*")

Emit = Callable[[Any], None]


@dataclass(frozen=True)
class Bounds:
    """The shortest and longest song that the planner chooses, the longest lyrics and free values that it writes, and
    what its context holds.
    """

    seconds: int
    lyric_tokens: int
    free_tokens: Mapping[str, int] = field(default_factory=lambda: FIELD_TOKENS)
    context: int = sys.maxsize
    min_seconds: int = MIN_SECONDS

    def within(self, lengths: Lengths) -> Bounds:
        """With songs of lengths that the caller can use, of which there is one."""
        choices = lengths.choices(self.seconds)
        return dataclasses.replace(self, min_seconds=choices[0], seconds=choices[-1])

    def with_room_behind(self, tokens: int) -> Bounds:
        """With songs no longer than those whose codes fit into the context behind so many tokens."""
        seconds = (self.context - tokens) // CODES_PER_SECOND
        return dataclasses.replace(self, seconds=max(self.min_seconds, min(self.seconds, seconds)))


@dataclass(frozen=True)
class PlanWish:
    """What a plan is to hold. `given` values stand as they are; `seconds` is the exact length where it is known.

    `thought` is that of an earlier plan, which is then taken instead of a new one. An open length is chosen within
    `lengths`.
    """

    caption: str
    lyrics: str
    given: Thought
    seconds: float | None
    write_metadata: bool
    rewrite_caption: bool
    detect_language: bool
    write_codes: bool
    sampling: TokenSampling
    guidance_scale: float = 2.0
    negative_prompt: str = ""
    thought: Thought | None = None
    form: PromptForm = PromptForm.ALIGNED
    lengths: Lengths = Lengths()

    def lines(self) -> tuple[Field, ...]:
        """The lines of the think block: given ones and wanted ones."""
        wanted = {
            *(METADATA if self.write_metadata else ()),
            *((Field.CAPTION,) if self.rewrite_caption else ()),
            *((Field.LANGUAGE,) if self.detect_language else ()),
        }
        return tuple(line for line in Field if line in wanted or getattr(self.given, line.value))

    @property
    def guided(self) -> bool:
        """Whether the codes take two rows."""
        return self.write_codes and self.guidance_scale != 1


@dataclass(frozen=True)
class ThoughtText:
    """A piece of the think block on its way."""

    text: str


@dataclass(frozen=True)
class CodesWritten:
    """Audio codes on their way."""

    count: int
    total: int


@dataclass(frozen=True)
class Planned:
    """A plan; emitted once its thought is final, and again, with codes, at the end. Times in nanoseconds."""

    thought: Thought
    codes: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    metadata_ns: int = 0
    codes_ns: int = 0


@dataclass(frozen=True)
class Composed:
    """A song in words: what compose, rewrite and understand answer."""

    thought: Thought
    lyrics: str
    finish: Finish
    warnings: tuple[str, ...]


def plan(prompts: Prompts, wish: PlanWish, bounds: Bounds) -> Script:
    """Metadata by chain of thought, then audio codes, as far as they are wished for.

    A length that is open is one for whose codes the context has room.
    """
    bounds = bounds.within(wish.lengths)
    prompt = prompts.plan(wish.caption, wish.lyrics)
    grammar = _block(wish, bounds)
    settled = wish.thought or (wish.given if len(grammar.known) == len(grammar.lines) else None)
    if settled:
        conditional = len(prompts.codes(wish.caption, wish.lyrics, settled, wish.form))
    else:
        conditional = len(prompt) + grammar.most_tokens
    unconditional = _unconditional(prompts, wish)
    before_codes = max(conditional, len(unconditional or ()))
    seconds = wish.seconds or (wish.thought or wish.given).duration
    if seconds is None:
        bounds = bounds.with_room_behind(before_codes)
    usual = 0 if settled else grammar.usual_tokens
    tokens = conditional
    if wish.write_codes:
        tokens = before_codes + code_count(seconds or bounds.seconds)
        usual += code_count(seconds or min(bounds.seconds, _USUAL_SECONDS))

    def start(emit: Emit) -> Generator[Task, Any, Planned]:
        begun = time.monotonic_ns()
        thought = settled
        warnings: tuple[str, ...] = ()
        if thought is None:
            thought, warnings = yield from _think(prompts, wish, bounds, emit)
        planned = Planned(thought, warnings=warnings, metadata_ns=time.monotonic_ns() - begun)
        emit(planned)
        if wish.write_codes:
            planned = yield from _write_codes(prompts, wish, planned, emit)
        return planned

    fed = conditional + len(unconditional or ())
    rows = 2 if wish.guided else 1
    return Script(rows, tokens, cost(prompt=fed, written=usual), start, "ask for guidance_scale 1, which takes one")


def compose(
    prompts: Prompts, query: str, *, instrumental: bool, language: str, sampling: TokenSampling, bounds: Bounds
) -> Script:
    """A song from one sentence (spec/planner.md §2.6)."""
    prompt = prompts.compose(query, instrumental=instrumental)
    grammar = _whole_song(Thought(language=language), bounds)

    def start(emit: Emit) -> Generator[Task, Any, Composed]:
        composed = yield from _write_song(prompt, grammar, sampling, bounds, needs_lyrics=not instrumental)
        if not instrumental:
            return composed
        if all(_TAG.fullmatch(line) for line in composed.lyrics.splitlines()):
            return dataclasses.replace(composed, lyrics=composed.lyrics or INSTRUMENTAL)
        warning = "the model wrote lyrics for an instrumental; they were left out"
        return dataclasses.replace(composed, lyrics=INSTRUMENTAL, warnings=(*composed.warnings, warning))

    return _song_script(prompt, grammar, bounds, start)


def rewrite(
    prompts: Prompts, caption: str, lyrics: str, given: Thought, sampling: TokenSampling, bounds: Bounds
) -> Script:
    """A richer caption and lyrics (spec/planner.md §2.7)."""
    prompt = prompts.rewrite(caption, lyrics)
    grammar = _whole_song(given, bounds)

    def start(emit: Emit) -> Generator[Task, Any, Composed]:
        composed = yield from _write_song(prompt, grammar, sampling, bounds, needs_lyrics=bool(lyrics.strip()))
        if composed.lyrics:
            return composed
        kept = ("the model wrote no lyrics; yours are kept",) if lyrics.strip() else ()
        return dataclasses.replace(composed, lyrics=lyrics, warnings=(*composed.warnings, *kept))

    return _song_script(prompt, grammar, bounds, start)


def understand(prompts: Prompts, codes: tuple[int, ...], sampling: TokenSampling, bounds: Bounds) -> Script:
    """A description of audio codes (spec/planner.md §2.5)."""
    prompt = prompts.understand(codes)
    grammar = _whole_song(Thought(), bounds)

    def start(emit: Emit) -> Generator[Task, Any, Composed]:
        return _write_song(prompt, grammar, sampling, bounds, needs_lyrics=False)

    return _song_script(prompt, grammar, bounds, start)


def _block(wish: PlanWish, bounds: Bounds) -> Grammar:
    lines = wish.lines()
    known = known_lines(wish.given, lines)
    return Grammar(lines, bounds.seconds, known, free_tokens=bounds.free_tokens, min_seconds=bounds.min_seconds)


def _think(
    prompts: Prompts, wish: PlanWish, bounds: Bounds, emit: Emit
) -> Generator[Task, Any, tuple[Thought, tuple[str, ...]]]:
    """What was given and what was found, with warnings."""
    written: Written = yield TextTask(
        prompts.plan(wish.caption, wish.lyrics),
        _block(wish, bounds),
        wish.sampling,
        on_text=lambda text: emit(ThoughtText(text)),
    )
    return parse_written(written.block, bounds.seconds), tuple(cut_warnings(written))


def _unconditional(prompts: Prompts, wish: PlanWish) -> Ids | None:
    if not wish.guided:
        return None
    return prompts.unconditional(wish.caption, wish.lyrics, wish.negative_prompt, wish.form)


def _write_codes(prompts: Prompts, wish: PlanWish, planned: Planned, emit: Emit) -> Generator[Task, Any, Planned]:
    begun = time.monotonic_ns()
    count = code_count(wish.seconds or planned.thought.duration or 0)
    codes: list[int] = yield CodesTask(
        prompts.codes(wish.caption, wish.lyrics, planned.thought, wish.form),
        _unconditional(prompts, wish),
        wish.guidance_scale,
        count,
        wish.sampling,
        on_codes=lambda done: emit(CodesWritten(done, count)),
    )
    warnings = list(planned.warnings)
    if (run := longest_run(codes)) > LONGEST_RUN:
        warnings.append(f"the plan repeats one audio code {run} times in a row; the song may be stuck there")
    return dataclasses.replace(
        planned, codes=tuple(codes), warnings=tuple(warnings), codes_ns=time.monotonic_ns() - begun
    )


def _whole_song(given: Thought, bounds: Bounds) -> Grammar:
    lines = tuple(Field)
    known = known_lines(given, lines)
    return Grammar(lines, bounds.seconds, known, lyrics=True, free_tokens=bounds.free_tokens)


def _song_script(
    prompt: Ids, grammar: Grammar, bounds: Bounds, start: Callable[[Emit], Generator[Task, Any, Composed]]
) -> Script:
    usual = grammar.usual_tokens + min(_USUAL_LYRIC_TOKENS, bounds.lyric_tokens)
    tokens = len(prompt) + grammar.most_tokens + bounds.lyric_tokens
    return Script(1, tokens, cost(prompt=len(prompt), written=usual), start)


def _write_song(
    prompt: tuple[int, ...], grammar: Grammar, sampling: TokenSampling, bounds: Bounds, *, needs_lyrics: bool
) -> Generator[Task, Any, Composed]:
    """Tries again where lyrics are needed and none came, as long as another try can differ."""
    warnings: list[str] = []
    for attempt in range(ATTEMPTS):
        written: Written = yield TextTask(prompt, grammar, sampling, bounds.lyric_tokens, attempt)
        lyrics = _without_header(written.lyrics)
        if lyrics or not needs_lyrics or sampling.temperature == 0:
            break
    if needs_lyrics and not lyrics:
        warnings.append("the model wrote no lyrics")
    if written.finish is Finish.LENGTH:
        warnings.append("the lyrics were longer than the planner may write; they were cut")
    warnings += cut_warnings(written)
    if written.finish is Finish.REPETITION:
        warnings.append("the lyrics repeated one line over and over; the repeats were cut")
    return Composed(parse_written(written.block, bounds.seconds), lyrics, written.finish, tuple(warnings))


def cut_warnings(written: Written) -> list[str]:
    """What of the block the model had to end before it wanted to."""
    return [f"{field}: longer than the planner may write, cut" for field in written.cut]


def _without_header(lyrics: str) -> str:
    return _HEADER.sub("", lyrics, count=1).strip() if _HEADER.match(lyrics) else lyrics.strip()
