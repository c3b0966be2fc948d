"""Original checkpoint keys to those of diffusers (spec/model.md §8.3). VAE keys are the same in both."""

from __future__ import annotations

from collections.abc import Mapping

import torch

State = Mapping[str, torch.Tensor]

_FRAGMENTS = {
    ".q_proj.": ".to_q.",
    ".k_proj.": ".to_k.",
    ".v_proj.": ".to_v.",
    ".o_proj.": ".to_out.0.",
    ".q_norm.": ".norm_q.",
    ".k_norm.": ".norm_k.",
}
_DECODER_FRAGMENTS = {"proj_in.1.": "proj_in_conv.", "proj_out.1.": "proj_out_conv."}


def transformer_state(state: State) -> dict[str, torch.Tensor]:
    """`decoder.` for AceStepTransformer1DModel."""
    return _under(state, "decoder.", {**_FRAGMENTS, **_DECODER_FRAGMENTS})


def condition_encoder_state(state: State, silence: torch.Tensor) -> dict[str, torch.Tensor]:
    """`encoder.`, the null condition and silence latents [frames, channels] for AceStepConditionEncoder."""
    mapped = _under(state, "encoder.", _FRAGMENTS)
    return {**mapped, "null_condition_emb": state["null_condition_emb"], "silence_latent": silence[None]}


def tokenizer_state(state: State) -> dict[str, torch.Tensor]:
    """`tokenizer.` for AceStepAudioTokenizer."""
    return _under(state, "tokenizer.", _FRAGMENTS)


def detokenizer_state(state: State) -> dict[str, torch.Tensor]:
    """`detokenizer.` for AceStepAudioTokenDetokenizer."""
    return _under(state, "detokenizer.", _FRAGMENTS)


def _under(state: State, prefix: str, fragments: Mapping[str, str]) -> dict[str, torch.Tensor]:
    mapped = {}
    for key, tensor in state.items():
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            for ours, theirs in fragments.items():
                name = name.replace(ours, theirs)
            mapped[name] = tensor
    return mapped
