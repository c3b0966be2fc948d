"""Condition encoder, audio tokenizer and detokenizer equal diffusers' on random weights, in float32."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.ace_step import (
    AceStepAudioTokenDetokenizer,
    AceStepAudioTokenizer,
    AceStepConditionEncoder,
)
from safetensors.torch import save_file
from torch import nn

from services.encoder.checkpoint import OwnKeys, tensor_shapes
from services.encoder.config import EncoderConfig
from services.encoder.model import DitPackageEncoder, EncoderModel
from services.encoder.text import TextEncoder
from services.runtime.checkpoints import SafetensorsFolder, load_module
from services.runtime.qwen3 import Qwen3Config
from tests.parity.mapping import condition_encoder_state, detokenizer_state, tokenizer_state
from tests.parity.tolerance import relative_error
from training.random_weights import random_tensor

TINY: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 56,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "text_hidden_dim": 20,
    "audio_acoustic_hidden_dim": 8,
    "timbre_hidden_dim": 8,
    "num_lyric_encoder_hidden_layers": 3,
    "num_timbre_encoder_hidden_layers": 3,
    "num_attention_pooler_hidden_layers": 2,
    "timbre_fix_frame": 12,
    "pool_window_size": 5,
    "sliding_window": 3,
    "rope_theta": 1e6,
    "fsq_dim": 32,
    "fsq_input_levels": [8, 8, 8, 5, 5, 5],
}
OWN_SIZES = ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads")
XL = {**TINY, "hidden_size": 48, "intermediate_size": 80, **{f"encoder_{name}": TINY[name] for name in OWN_SIZES}}
NO_WORDS = Qwen3Config(4, 4, 1, 1, 1, 4, 4, 4, 1e-6, 1e4, tied_head=True)
SILENCE = torch.randn(15_000, 8, generator=torch.Generator().manual_seed(9))


@dataclass(frozen=True)
class Pair:
    """The same weights in both implementations."""

    ours: DitPackageEncoder
    condition_encoder: Any
    tokenizer: Any
    detokenizer: Any


@pytest.fixture(params=[TINY, XL], ids=["2b", "xl"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Our side goes through a file and the loading code of the stage."""
    config = EncoderConfig.from_json(request.param)
    state = {key: random_tensor(key, shape, seed=3) for key, shape in tensor_shapes(config).items()}
    save_file(state, tmp_path / "model.safetensors")
    with torch.device("meta"):
        ours = DitPackageEncoder(config)
    tensors = OwnKeys(SafetensorsFolder(tmp_path))
    load_module(ours, tensors, "", dtype=torch.float32, device=torch.device("cpu"))
    # The encoder side of XL has the sizes of the smaller model.
    sizes = {name: TINY[name] for name in (*OWN_SIZES, "head_dim", "sliding_window", "rope_theta")}
    layers = ("num_lyric_encoder_hidden_layers", "num_timbre_encoder_hidden_layers")
    widths = ("text_hidden_dim", "timbre_hidden_dim")
    condition_encoder = AceStepConditionEncoder(**sizes, **{name: TINY[name] for name in layers + widths})
    condition_encoder.load_state_dict(condition_encoder_state(state, SILENCE), strict=True)
    pooling = {
        name: TINY[name]
        for name in ("audio_acoustic_hidden_dim", "pool_window_size", "num_attention_pooler_hidden_layers")
    }
    fsq = {name: TINY[name] for name in ("fsq_dim", "fsq_input_levels")}
    tokenizer = AceStepAudioTokenizer(**sizes, **pooling, **fsq)
    tokenizer.load_state_dict(tokenizer_state(state), strict=True)
    detokenizer = AceStepAudioTokenDetokenizer(**sizes, **pooling)
    detokenizer.load_state_dict(detokenizer_state(state), strict=True)
    return Pair(ours, condition_encoder.eval(), tokenizer.eval(), detokenizer.eval())


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def their_condition(
    encoder: Any, text: torch.Tensor, lyrics: torch.Tensor, references: list[torch.Tensor]
) -> torch.Tensor:
    """One item [tokens, width]; references must be equally long."""
    states, mask = encoder(
        text_hidden_states=text[None],
        text_attention_mask=torch.ones(1, len(text), dtype=torch.long),
        lyric_hidden_states=lyrics[None],
        lyric_attention_mask=torch.ones(1, len(lyrics), dtype=torch.long),
        refer_audio_acoustic_hidden_states_packed=torch.stack(references),
        refer_audio_order_mask=torch.zeros(len(references), dtype=torch.long),
    )
    assert bool(mask.all())
    packed: torch.Tensor = states[0]
    return packed


def our_condition(pair: Pair, text: torch.Tensor, lyrics: torch.Tensor, references: list[torch.Tensor]) -> torch.Tensor:
    """The same of ours, with another item beside it."""
    encoder = pair.ours.encoder
    other = references[0][:5]
    timbres = torch.split(encoder.timbre_encoder([other, *references]), [1, len(references)])
    together: torch.Tensor = encoder([text[:1], text], [lyrics[:1], lyrics], timbres)[1]
    return together


class WithToken(nn.Module):
    """Puts the learned token before embedded frames, as the official XL code does and diffusers does not."""

    def __init__(self, embed: nn.Module, token: torch.Tensor) -> None:
        super().__init__()
        self.embed, self.token = embed, token

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.cat((self.token.expand(len(latents), 1, -1), self.embed(latents)), dim=1)


@pytest.mark.parametrize(("text_tokens", "lyric_tokens"), [(1, 1), (6, 11), (5, 8)])
@pytest.mark.parametrize("references", [1, 3])
@torch.inference_mode()
def test_condition(pair: Pair, text_tokens: int, lyric_tokens: int, references: int) -> None:
    """Lyrics, timbre and text in this order. For XL diffusers is made to read the timbre token, as the official app."""
    text, lyrics = normal(1, text_tokens, 20), normal(2, lyric_tokens, 20)
    given = [normal(10 + number, 12, 8) for number in range(references)]
    if pair.ours.config.is_xl:
        timbre = pair.condition_encoder.timbre_encoder
        timbre.embed_tokens = WithToken(timbre.embed_tokens, timbre.special_token)
    theirs = their_condition(pair.condition_encoder, text, lyrics, given)
    ours = our_condition(pair, text, lyrics, given)
    assert relative_error(ours, theirs) <= 1e-4


@torch.inference_mode()
def test_only_the_timbre_row_of_xl_differs_from_diffusers(pair: Pair) -> None:
    text, lyrics, reference = normal(1, 6, 20), normal(2, 11, 20), normal(3, 12, 8)
    theirs = their_condition(pair.condition_encoder, text, lyrics, [reference])
    ours = our_condition(pair, text, lyrics, [reference])
    rest = [row for row in range(18) if row != 11]
    assert relative_error(ours[rest], theirs[rest]) <= 1e-4
    differs = relative_error(ours[11], theirs[11]) > 1e-2
    assert differs == pair.ours.config.is_xl


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("frames", [5, 12, 13, 20])
@torch.inference_mode()
def test_audio_codes_are_equal(pair: Pair, batch: int, frames: int) -> None:
    """A length that is no multiple of five is filled with silence."""
    latents = 3 * normal(frames, batch, frames, 8)
    _, theirs = pair.tokenizer.tokenize(latents, SILENCE[None])
    windows = EncoderModel(TextEncoder(NO_WORDS), pair.ours, SILENCE).windows
    ours = torch.stack([pair.ours.tokenizer(windows(item)) for item in latents])
    assert torch.equal(ours, theirs.squeeze(-1).long())


@pytest.mark.parametrize("batch", [1, 3])
@torch.inference_mode()
def test_hints_of_audio_codes(pair: Pair, batch: int) -> None:
    codes = torch.randint(0, 64_000, (batch, 7), generator=torch.Generator().manual_seed(batch))
    flat = codes.flatten()
    their_vectors = pair.tokenizer.quantizer.get_output_from_indices(codes[..., None])
    our_vectors = pair.ours.tokenizer.quantizer.decode(flat)
    assert relative_error(our_vectors, their_vectors.flatten(0, 1)) <= 1e-4
    hints = pair.ours.detokenizer(our_vectors).view(batch, 35, 8)
    assert relative_error(hints, pair.detokenizer(their_vectors)) <= 1e-4


@torch.inference_mode()
def test_an_item_does_not_depend_on_its_batch(pair: Pair) -> None:
    windows = normal(4, 9, 5, 8)
    together = pair.ours.tokenizer(windows)
    assert len(together.unique()) > 1
    assert all(torch.equal(pair.ours.tokenizer(windows[item : item + 1])[0], together[item]) for item in range(9))
