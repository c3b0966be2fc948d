"""The modes, step by step: a script is driven by hand, so each answer of the model can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from quartet.errors import InternalError
from services.planner import modes
from services.planner.grammar import Field
from services.planner.lengths import Lengths
from services.planner.modes import Bounds, Composed, Planned, PlanWish
from services.planner.prompts import PromptForm, Prompts
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import CodesTask, Script, Task, TextTask
from services.planner.thought import Thought
from services.planner.writing import Finish, Written

BOUNDS = Bounds(600, lyric_tokens=100)
WARM = TokenSampling(0.85, seed=5)
BLOCK = "bpm: 90\ncaption: 'soft: rain'\nduration: 30\ngenres: lo-fi\nkeyscale: C major\nlanguage: no\ntimesignature: 4"
WHOLE = Thought(90, "soft: rain", 30, "lo-fi", "C major", "no", "4")


def play(script: Script, answers: Sequence[Any]) -> tuple[list[Task], Any, list[Any]]:
    """The tasks of a script that gets these answers, its result, and what it emits."""
    emitted: list[Any] = []
    running, tasks = script.start(emitted.append), []
    try:
        tasks.append(next(running))
        for answer in answers:
            tasks.append(running.send(answer))  # noqa: PERF401 - a generator would turn StopIteration into an error
    except StopIteration as end:
        return tasks, end.value, emitted
    raise AssertionError(f"the script asks for more: {tasks[-1]}")


def wish(**changes: Any) -> PlanWish:
    fields: dict[str, Any] = {
        "caption": "rain",
        "lyrics": "la",
        "given": Thought(),
        "seconds": None,
        "write_metadata": True,
        "rewrite_caption": True,
        "detect_language": True,
        "write_codes": True,
        "sampling": WARM,
    }
    return PlanWish(**{**fields, **changes})


def test_a_plan_asks_for_metadata_then_for_codes(prompts: Prompts) -> None:
    (first, second), planned, emitted = play(
        modes.plan(prompts, wish(), BOUNDS), [Written(BLOCK, "", Finish.STOP), [7] * 150]
    )
    assert isinstance(first, TextTask)
    assert first.grammar.lines == tuple(line for line in Field if line is not Field.GENRES)
    assert isinstance(second, CodesTask)
    assert second.count == 150
    assert second.prompt == prompts.codes("rain", "la", WHOLE, PromptForm.ALIGNED)
    assert second.unconditional == prompts.unconditional("rain", "la", "", PromptForm.ALIGNED)
    assert planned.codes == (7,) * 150
    assert planned.warnings == ("the plan repeats one audio code 150 times in a row; the song may be stuck there",)
    assert isinstance(emitted[0], Planned)
    assert emitted[0].thought == planned.thought == WHOLE


def test_all_metadata_given_still_rewrites_the_caption(prompts: Prompts) -> None:
    given = Thought(bpm=90, duration=30, keyscale="C major", timesignature="4")
    (task,), planned, _ = play(
        modes.plan(prompts, wish(given=given, write_codes=False), BOUNDS), [Written(BLOCK, "", Finish.STOP)]
    )
    assert isinstance(task, TextTask)
    assert set(task.grammar.known) == {Field.BPM, Field.DURATION, Field.KEYSCALE, Field.TIMESIGNATURE}
    assert planned.thought.caption == "soft: rain"


def test_nothing_missing_takes_no_thinking(prompts: Prompts) -> None:
    given = Thought(bpm=90, duration=2, keyscale="C major", timesignature="4")
    quiet = wish(given=given, seconds=2.7, rewrite_caption=False, detect_language=False, guidance_scale=1.0)
    (task,), planned, _ = play(modes.plan(prompts, quiet, BOUNDS), [[1] * 13])
    assert isinstance(task, CodesTask)
    assert task.count == 13
    assert task.unconditional is None
    assert planned.thought == given


def test_an_earlier_thought_is_taken_as_it_is(prompts: Prompts) -> None:
    (task,), planned, _ = play(modes.plan(prompts, wish(thought=WHOLE, seconds=30.0), BOUNDS), [list(range(150))])
    assert isinstance(task, CodesTask)
    assert planned.thought == WHOLE


def test_a_script_says_what_it_may_take_and_what_it_usually_takes(prompts: Prompts) -> None:
    """The first decides whether it fits into the context, the second how long it waits and keeps others waiting."""
    sung = wish(given=Thought(duration=60), seconds=60.0)
    for script, least in (
        (modes.plan(prompts, sung, BOUNDS), 300),
        (modes.plan(prompts, wish(thought=Thought(duration=600)), BOUNDS), 3000),
        (modes.plan(prompts, wish(), BOUNDS), 3000),
    ):
        assert script.tokens > least
        assert script.tokens > script.cost
    assert modes.plan(prompts, sung, BOUNDS).cost > 300
    assert modes.plan(prompts, wish(thought=Thought(duration=600)), BOUNDS).cost > 3000
    assert 300 < modes.plan(prompts, wish(), BOUNDS).cost < 1500
    bounds = Bounds(600, lyric_tokens=2048)
    composed = modes.compose(prompts, "rain", instrumental=False, language="", sampling=WARM, bounds=bounds)
    assert composed.tokens > 2048 + 512
    assert composed.cost < 1000
    understood = modes.understand(prompts, (1,) * 3000, WARM, bounds)
    assert understood.tokens > 3000 + 2048
    assert understood.cost - composed.cost == pytest.approx(3000 / 20, abs=20)
    rated = score(prompts, ScoreWish((1,) * 3000, WHOLE, "la\n" * 100, 0.1, skip_tags=False))
    assert rated.tokens > 3000
    assert rated.cost < 300


def test_given_values_are_no_work(prompts: Prompts) -> None:
    most = modes.plan(prompts, wish(write_codes=False), BOUNDS)
    less = modes.plan(prompts, wish(write_codes=False, rewrite_caption=False, given=Thought(bpm=90)), BOUNDS)
    assert less.tokens < most.tokens - 500
    assert less.cost < most.cost - 100


@pytest.mark.parametrize("write_codes", [True, False])
def test_an_open_length_has_room_in_the_context(prompts: Prompts, write_codes: bool) -> None:
    """Without codes too: they are written for this thought later."""
    bounds = Bounds(600, lyric_tokens=100, context=2048)
    script = modes.plan(prompts, wish(write_codes=write_codes), bounds)
    task = next(script.start(lambda event: None))
    assert isinstance(task, TextTask)
    longest = task.grammar.max_seconds
    assert 2048 - 5 < task.tokens + 5 * longest <= 2048
    assert script.tokens == (task.tokens + 5 * longest if write_codes else task.tokens)
    long = modes.plan(prompts, wish(lyrics="la\n" * 1000, write_codes=write_codes), bounds)
    assert long.tokens > 2048


def test_a_shortest_length_beyond_the_context_is_more_than_fits(prompts: Prompts) -> None:
    """It is not made shorter than its caller can use."""
    bounds = Bounds(600, lyric_tokens=100, context=2048)
    assert modes.plan(prompts, wish(lengths=Lengths(shortest=240)), bounds).tokens <= 2048
    assert modes.plan(prompts, wish(lengths=Lengths(shortest=400)), bounds).tokens > 2048


def compose(prompts: Prompts, answers: Sequence[str], *, instrumental: bool = False) -> tuple[list[Task], Composed]:
    script = modes.compose(prompts, "a song", instrumental=instrumental, language="no", sampling=WARM, bounds=BOUNDS)
    tasks, composed, _ = play(script, [Written(BLOCK, lyrics, Finish.STOP) for lyrics in answers])
    return tasks, composed


def test_missing_lyrics_are_asked_for_again(prompts: Prompts) -> None:
    tasks, composed = compose(prompts, ["", "\n\n# Lyric\n", "\n\n# Lyrics\nla la\n"])
    assert [task.attempt for task in tasks if isinstance(task, TextTask)] == [0, 1, 2]
    assert composed.lyrics == "la la"
    assert composed.warnings == ()
    assert composed.thought == WHOLE
    _, empty = compose(prompts, ["", "", ""])
    assert empty.warnings == ("the model wrote no lyrics",)


@pytest.mark.parametrize(
    ("written", "lyrics", "warnings"),
    [
        ("", "[Instrumental]", 0),
        ("[Intro - piano]\n\n[Drop]", "[Intro - piano]\n\n[Drop]", 0),
        ("[Verse]\nla la", "[Instrumental]", 1),
    ],
)
def test_an_instrumental_has_no_words(prompts: Prompts, written: str, lyrics: str, warnings: int) -> None:
    _, composed = compose(prompts, [written], instrumental=True)
    assert composed.lyrics == lyrics
    assert len(composed.warnings) == warnings


def test_rewriting_keeps_lyrics_that_the_model_left_out(prompts: Prompts) -> None:
    script = modes.rewrite(prompts, "rain", "my words", Thought(language="no"), WARM, BOUNDS)
    tasks, composed, _ = play(script, [Written(BLOCK, "", Finish.STOP)] * 3)
    assert isinstance(tasks[0], TextTask)
    assert tasks[0].grammar.known == {Field.LANGUAGE: "'no'"}
    assert composed.lyrics == "my words"
    assert composed.warnings[-1] == "the model wrote no lyrics; yours are kept"


def test_rewriting_without_lyrics_keeps_what_was_to_be_said(prompts: Prompts) -> None:
    """None were given and none came, which is as wished; the warnings of the block stay."""
    script = modes.rewrite(prompts, "rain", " ", Thought(), WARM, BOUNDS)
    _, composed, _ = play(script, [Written(BLOCK, "", Finish.STOP, cut=("caption",))])
    assert composed.lyrics == " "
    assert composed.warnings == ("caption: longer than the planner may write, cut",)


def test_cut_lyrics_are_reported(prompts: Prompts) -> None:
    script = modes.understand(prompts, (1, 2), WARM, BOUNDS)
    _, composed, _ = play(script, [Written(BLOCK, "la", Finish.LENGTH)])
    assert composed.finish is Finish.LENGTH
    assert composed.warnings == ("the lyrics were longer than the planner may write; they were cut",)


def test_a_block_that_does_not_parse_is_our_error(prompts: Prompts) -> None:
    script = modes.understand(prompts, (), WARM, BOUNDS)
    with pytest.raises(InternalError, match="bpm '999'"):
        play(script, [Written("bpm: 999", "", Finish.STOP)])
