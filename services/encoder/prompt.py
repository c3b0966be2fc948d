"""What the text encoder reads, byte for byte (spec/model.md §4.1, §4.2)."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_TO_MUSIC = "Fill the audio semantic mask based on the given conditions:"
END_OF_TEXT = "<|endoftext|>"
UNKNOWN_LANGUAGE = "unknown"
_NOT_GIVEN = "N/A"
_DEFAULT_SECONDS = 30


@dataclass(frozen=True)
class Prompt:
    """The words of an item. None, blank and zero values are not given; the others are written as they are."""

    caption: str
    lyrics: str
    instruction: str = TEXT_TO_MUSIC
    bpm: int | None = None
    key_scale: str = ""
    time_signature: str = ""
    vocal_language: str = ""
    duration_seconds: float | None = None

    def caption_text(self) -> str:
        """Instruction, caption and metadata. The tokenizer appends a second end of text."""
        seconds = int(self.duration_seconds) if self.duration_seconds else _DEFAULT_SECONDS
        metas = (
            f"- bpm: {self.bpm or _NOT_GIVEN}\n"
            f"- timesignature: {_given(self.time_signature, _NOT_GIVEN)}\n"
            f"- keyscale: {_given(self.key_scale, _NOT_GIVEN)}\n"
            f"- duration: {seconds} seconds\n"
        )
        return (
            f"# Instruction\n{_with_colon(self.instruction)}\n\n# Caption\n{_bare_caption(self.caption)}\n\n"
            f"# Metas\n{metas}{END_OF_TEXT}\n"
        )

    def lyric_text(self) -> str:
        """Language and lyrics."""
        return f"{self._lyric_header()}{self.lyrics}{END_OF_TEXT}"

    def in_lyrics(self, first: int, behind: int) -> tuple[int, int]:
        """The characters [first, behind) of `lyric_text` as such of the lyrics; none, where they are around these."""
        start, length = len(self._lyric_header()), len(self.lyrics)
        return min(max(first - start, 0), length), min(max(behind - start, 0), length)

    def _lyric_header(self) -> str:
        return f"# Languages\n{_given(self.vocal_language, UNKNOWN_LANGUAGE)}\n\n# Lyric\n"


def _given(value: str, otherwise: str) -> str:
    return value if value.strip() else otherwise


def _with_colon(instruction: str) -> str:
    instruction = instruction or TEXT_TO_MUSIC
    return instruction if instruction.endswith(":") else f"{instruction}:"


def _bare_caption(caption: str) -> str:
    """A caption that is a whole prompt already gives up the caption within it."""
    if "# Instruction" not in caption or "# Caption" not in caption:
        return caption
    return caption.split("# Caption", 1)[1].split("# Metas", 1)[0].strip()
