"""The prompts of every mode, token by token (spec/planner.md §2).

A control token splits the text around it before byte pairs are merged, so encoding the text between control tokens
piece by piece gives the very ids that encoding the whole prompt gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from services.planner.thought import Thought
from services.planner.tokenization import PlannerTokenizer

NO_USER_INPUT = "NO USER INPUT"
INSTRUMENTAL = "[Instrumental]"
_GENERATE = "Generate audio semantic tokens based on the given conditions:"
_UNDERSTAND = "Understand the given musical conditions and describe the audio semantics accordingly:"
_INSPIRE = "Expand the user's input into a more detailed and specific musical description:"
_REWRITE = "Format the user's input into a more detailed and specific musical description:"

Ids = tuple[int, ...]


class PromptForm(Enum):
    """Layout of the prompts of audio codes (spec/planner.md §2.3)."""

    ALIGNED = "aligned"
    LEGACY = "legacy"
    LEGACY_UNCONDITIONAL = "legacy-unconditional"


@dataclass(frozen=True)
class Prompts:
    """Renders prompts for one tokenizer."""

    tokenizer: PlannerTokenizer

    def plan(self, caption: str, lyrics: str) -> Ids:
        """For the metadata of a song; the audio codes of the same song begin with it."""
        return self._turns(_GENERATE, self.tokenizer.encode(f"user\n{_song(caption, lyrics)}\n"))

    def codes(self, caption: str, lyrics: str, thought: Thought, form: PromptForm) -> Ids:
        """For the audio codes of a song with its metadata, which never name genres."""
        block = thought.to_yaml(without=("genres",))
        prompt = (*self.plan(caption, lyrics), *self._block(f"\n{block}\n"), *self.tokenizer.encode("\n\n"))
        return (*prompt, *self._turn_end()) if form is PromptForm.LEGACY else prompt

    def unconditional(self, caption: str, lyrics: str, negative: str, form: PromptForm) -> Ids:
        """For the branch that guidance leads away from."""
        negative = "" if negative.strip() == NO_USER_INPUT else negative
        if form is PromptForm.ALIGNED:
            user = negative if negative.strip() else NO_USER_INPUT
            return self._without_thought(user)
        if form is PromptForm.LEGACY_UNCONDITIONAL:
            return self._without_thought(_song(negative if negative.strip() else caption, lyrics) + "\n")
        prompt = self.plan(negative if negative.strip() else caption, lyrics)
        return (*prompt, *self._block("\n"), *self.tokenizer.encode("\n\n"), *self._turn_end())

    def understand(self, codes: Sequence[int]) -> Ids:
        """For a description of audio codes; without codes the model makes a song up."""
        user = self.tokenizer.encode("user\n" if codes else f"user\n{NO_USER_INPUT}")
        return self._turns(_UNDERSTAND, [*user, *self.tokenizer.code_ids(codes)])

    def compose(self, query: str, *, instrumental: bool) -> Ids:
        """For a song from one sentence."""
        wish = query if query.strip() else NO_USER_INPUT
        return self._turns(
            _INSPIRE, self.tokenizer.encode(f"user\n{wish}\n\ninstrumental: {'true' if instrumental else 'false'}")
        )

    def rewrite(self, caption: str, lyrics: str) -> Ids:
        """For a richer caption and lyrics."""
        song = _song(caption if caption.strip() else NO_USER_INPUT, lyrics if lyrics.strip() else INSTRUMENTAL)
        return self._turns(_REWRITE, self.tokenizer.encode(f"user\n{song}"))

    def scored_thought(self, thought: Thought) -> Ids:
        """The block whose probability scores what it holds (spec/planner.md §6.1)."""
        return (*self._block(f"\n{thought.to_yaml()}\n"), *self.tokenizer.encode("\n"))

    def scored_lyrics(self, lyrics: str) -> Ids:
        """The lyrics whose probability scores them."""
        return (*self._block("\n"), *self.tokenizer.encode(f"\n# Lyric\n{lyrics}\n"))

    def _without_thought(self, user: str) -> Ids:
        turns = self._turns(_GENERATE, self.tokenizer.encode(f"user\n{user}"))
        return (*turns, *self._block("\n\n"), *self.tokenizer.encode("\n\n"))

    def _turns(self, instruction: str, user: Sequence[int]) -> Ids:
        encode, start, end = self.tokenizer.encode, self.tokenizer.turn_start, self.tokenizer.turn_end
        system = encode(f"system\n# Instruction\n{instruction}\n\n")
        line = encode("\n")
        return (start, *system, end, *line, start, *user, end, *line, start, *encode("assistant\n"))

    def _block(self, text: str) -> Ids:
        return (self.tokenizer.think_start, *self.tokenizer.encode(text), self.tokenizer.think_end)

    def _turn_end(self) -> Ids:
        return (self.tokenizer.turn_end, *self.tokenizer.encode("\n"))


def _song(caption: str, lyrics: str) -> str:
    return f"# Caption\n{caption}\n\n# Lyric\n{lyrics}"
