"""diffusers' AceStepPipeline with the weights of a model family in the original layout (spec/model.md §8.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AceStepPipeline, AceStepTransformer1DModel, AutoencoderOobleck, FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.ace_step import AceStepAudioTokenDetokenizer, AceStepAudioTokenizer, AceStepConditionEncoder
from safetensors.torch import load_file
from transformers import AutoTokenizer, Qwen3Model

from services.runtime.checkpoints import read_json, read_silence_latents
from tests.parity.mapping import condition_encoder_state, detokenizer_state, tokenizer_state, transformer_state


def reference_pipeline(models: Path, variant: str) -> Any:
    """diffusers' pipeline with the weights of the family."""
    values = read_json(models / variant / "config.json")
    state = {key: tensor.float() for key, tensor in load_file(models / variant / "model.safetensors").items()}
    silence = read_silence_latents(models / variant, values["audio_acoustic_hidden_dim"])
    shared = {name: values[name] for name in ("head_dim", "rope_theta", "sliding_window")}
    sizes = {
        name: values[name]
        for name in ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads")
    }
    own = ("num_hidden_layers", "in_channels", "audio_acoustic_hidden_dim", "patch_size", "is_turbo")
    transformer = AceStepTransformer1DModel(**sizes, **shared, **{name: values[name] for name in own})
    transformer.load_state_dict(transformer_state(state), strict=True)
    widths = ("text_hidden_dim", "timbre_hidden_dim")
    layers = ("num_lyric_encoder_hidden_layers", "num_timbre_encoder_hidden_layers")
    condition_encoder = AceStepConditionEncoder(**sizes, **shared, **{name: values[name] for name in layers + widths})
    condition_encoder.load_state_dict(condition_encoder_state(state, silence), strict=True)
    pooling = ("audio_acoustic_hidden_dim", "pool_window_size", "num_attention_pooler_hidden_layers")
    of_codes = {**sizes, **shared, **{name: values[name] for name in pooling}}
    fsq = {name: values[name] for name in ("fsq_dim", "fsq_input_levels")}
    tokenizer, detokenizer = AceStepAudioTokenizer(**of_codes, **fsq), AceStepAudioTokenDetokenizer(**of_codes)
    tokenizer.load_state_dict(tokenizer_state(state), strict=True)
    detokenizer.load_state_dict(detokenizer_state(state), strict=True)
    vae = AutoencoderOobleck(**{k: v for k, v in read_json(models / "vae" / "config.json").items() if k[0] != "_"})
    vae_state = load_file(models / "vae" / "diffusion_pytorch_model.safetensors")
    vae.load_state_dict({key: tensor.float() for key, tensor in vae_state.items()}, strict=True)
    text_folder = models / "Qwen3-Embedding-0.6B"
    pipeline = AceStepPipeline(
        vae=vae.eval(),
        text_encoder=Qwen3Model.from_pretrained(text_folder, dtype=torch.float32),
        tokenizer=AutoTokenizer.from_pretrained(text_folder),
        transformer=transformer.eval(),
        condition_encoder=condition_encoder.eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=tokenizer.eval(),
        audio_token_detokenizer=detokenizer.eval(),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
