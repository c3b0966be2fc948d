"""Prompts of the planner with the answers that it is to give, token by token (spec/planner.md §2, §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.prompts import Ids, PromptForm, Prompts
from services.planner.thought import Thought


@dataclass(frozen=True)
class Example:
    """Token ids of a prompt, and those that are to follow."""

    prompt: Ids
    answer: Ids


def plan(prompts: Prompts, caption: str, lyrics: str, thought: Thought, codes: Sequence[int]) -> Example:
    """The thought and, where there are some, the codes of a song, as two calls of the planner would write them."""
    prompt = prompts.plan(caption, lyrics)
    through_thought = prompts.codes(caption, lyrics, thought, PromptForm.ALIGNED)
    return Example(prompt, (*through_thought[len(prompt) :], *_ended(prompts, codes)))


def codes_of_any_song(prompts: Prompts, codes: Sequence[int]) -> Example:
    """Codes behind the prompt that guidance leads away from."""
    return Example(prompts.unconditional("", "", "", PromptForm.ALIGNED), _ended(prompts, codes))


def understand(prompts: Prompts, codes: Sequence[int], thought: Thought, lyrics: str) -> Example:
    """A song in words from its codes; without codes, any song."""
    return Example(prompts.understand(codes), _in_words(prompts, thought, lyrics))


def compose(prompts: Prompts, query: str, thought: Thought, lyrics: str, *, instrumental: bool) -> Example:
    """A song in words from one sentence."""
    return Example(prompts.compose(query, instrumental=instrumental), _in_words(prompts, thought, lyrics))


def rewrite(prompts: Prompts, caption: str, given_lyrics: str, thought: Thought, lyrics: str) -> Example:
    """A song in richer words."""
    return Example(prompts.rewrite(caption, given_lyrics), _in_words(prompts, thought, lyrics))


def _in_words(prompts: Prompts, thought: Thought, lyrics: str) -> Ids:
    """A think block and lyrics under their header."""
    tokenizer = prompts.tokenizer
    block = (tokenizer.think_start, *tokenizer.encode(f"\n{thought.to_yaml()}\n"), tokenizer.think_end)
    return (*block, *tokenizer.encode(f"\n\n# Lyric\n{lyrics}"), tokenizer.turn_end)


def _ended(prompts: Prompts, codes: Sequence[int]) -> Ids:
    """Codes and the end of the turn; nothing where a thought is all that was asked for."""
    return (*prompts.tokenizer.code_ids(codes), prompts.tokenizer.turn_end) if codes else ()
