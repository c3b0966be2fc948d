"""A tokenizer with the id layout of Qwen's, without its vocabulary (spec/planner.md §1.2, §2.3, §3.3).

Every token that the prompts and the think block are known to need has its true id and is reached by merges; the others
are fillers that no text is encoded to, but that a model may write.
"""

from __future__ import annotations

from pathlib import Path

from serving.planning import LANGUAGES
from training.tiny_tokenizer import AUDIO_CODES, audio_code_tokens, byte_letters, write_tokenizer

TEXT_TOKENS = 151_643
VOCABULARY = 151_669 + AUDIO_CODES

# Words with a space before them are merged first: their first merge, with the space, fits nowhere else, so that their
# chains never break other words.
_IDS = {
    "Ġthe": 279, "Ġon": 389, "Ġgiven": 2661, "Ġbased": 3118, "Ġconditions": 4682, "Ġaudio": 7699, "Ġtokens": 11211,
    "ĠUSER": 13872, "ĠINPUT": 26149, "ĠInstruction": 29051, "Ġsemantic": 41733, "Ġmajor": 3598, "Ġminor": 8922,
    "ĠG": 479, "ĠF": 434, "Ġy": 379,
    ":ĊĊ": 1447, ".Ċ": 624, '"Ċ': 698, "'Ċ": 1248, "ãĢĤĊ": 8997, "ĊĊ": 271,
    "Generate": 31115, "assistant": 77091, "system": 8948, "caption": 23347, "language": 11528, "genres": 63911,
    "duration": 17021, "user": 872, "NO": 8996,
    "keys": 10563, "cale": 2246, "times": 15136, "ature": 1568, "ign": 622, "ue": 361, "pm": 5187, "bp": 17808,
}  # fmt: skip
_SHARP, _FLAT = "âĻ¯", "âĻŃ"
_SIGNS = {_SHARP: 145_346, _FLAT: 145_761}
# Values that are one token too; their true ids are not known here.
_SINGLE = (
    *(f"Ġ{key}" for key in ("Ab", "B", "Db", "Eb")),
    *(f"Ġ{language}" for language in sorted(LANGUAGES - {"yue"})),
)
_CONTROLS = {
    "<|endoftext|>": 151_643,
    "<|im_start|>": 151_644,
    "<|im_end|>": 151_645,
    "<think>": 151_667,
    "</think>": 151_668,
}
_FIRST_CODE = 151_669


def write_qwen_tokenizer(folder: Path) -> dict[str, int]:
    """Writes tokenizer.json and tokenizer_config.json of a planner; returns the ids of all tokens."""
    ids = {**_IDS, **_SIGNS}
    merges, pieces = [], dict.fromkeys((*byte_letters(), *ids))
    for token in sorted((*ids, *_SINGLE), key=lambda token: token[0] != "Ġ"):
        for end in range(1, len(token)):
            merge = (token[:end], token[end])
            pieces[token[: end + 1]] = None
            if merge not in merges:
                merges.append(merge)
    return write_tokenizer(
        folder,
        append_end_of_text=False,
        vocabulary=_laid_out(list(pieces), ids),
        merges=merges,
        added={**_all_controls(), **{token: _FIRST_CODE + code for code, token in enumerate(audio_code_tokens())}},
    )


def _laid_out(pieces: list[str], ids: dict[str, int]) -> dict[str, int]:
    """Byte letters from 0, known tokens at their ids, other pieces and fillers in the gaps."""
    letters = {letter: number for number, letter in enumerate(byte_letters())}
    taken = {*letters.values(), *ids.values()}
    free = (number for number in range(len(letters), TEXT_TOKENS) if number not in taken)
    others = {piece: next(free) for piece in pieces if piece not in letters and piece not in ids}
    fillers = {f"Ġfiller{number}": number for number in free}
    return dict(sorted({**letters, **ids, **others, **fillers}.items(), key=lambda entry: entry[1]))


def _all_controls() -> dict[str, int]:
    """The added tokens below the audio codes, without gaps."""
    named = {number: token for token, number in _CONTROLS.items()}
    return {named.get(number, f"<|reserved_{number}|>"): number for number in range(TEXT_TOKENS, _FIRST_CODE)}
