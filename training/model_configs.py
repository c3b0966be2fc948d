"""The config.json files of random model families, tiny and at full size (spec/model.md §2.1, §3.1, §3.3, §8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FRAMES_OF_SILENCE = 15_000

Config = dict[str, Any]


@dataclass(frozen=True)
class TransformerSize:
    """Sizes of one transformer."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int


@dataclass(frozen=True)
class FamilySize:
    """Sizes of the networks of a family."""

    latent_channels: int
    dit: TransformerSize
    conditioner: TransformerSize  # layers are those of the lyric encoder
    timbre_layers: int
    text: TransformerSize
    vae_channels: int
    min_duration_seconds: int
    fsq_levels: tuple[int, ...] = (8, 8, 8, 5, 5, 5)
    reference_frames: int = 750
    rope_theta: int = 1_000_000
    patch: int = 2


_TINY_CONDITIONER = TransformerSize(hidden=32, intermediate=56, layers=3, heads=4, kv_heads=2, head_dim=16)
_TINY_TEXT = TransformerSize(hidden=32, intermediate=56, layers=2, heads=4, kv_heads=2, head_dim=16)
TINY = FamilySize(
    latent_channels=8,
    dit=TransformerSize(hidden=32, intermediate=56, layers=4, heads=4, kv_heads=2, head_dim=16),
    conditioner=_TINY_CONDITIONER,
    timbre_layers=3,
    text=_TINY_TEXT,
    vae_channels=8,
    min_duration_seconds=1,
)
TINY_XL = FamilySize(
    latent_channels=8,
    dit=TransformerSize(hidden=48, intermediate=80, layers=4, heads=4, kv_heads=2, head_dim=16),
    conditioner=_TINY_CONDITIONER,
    timbre_layers=3,
    text=_TINY_TEXT,
    vae_channels=8,
    min_duration_seconds=1,
)
TINY_PLANNER = TransformerSize(hidden=16, intermediate=32, layers=2, heads=2, kv_heads=1, head_dim=8)
# spec/planner.md §1.1
PLANNERS = {
    "0.6B": TransformerSize(hidden=1024, intermediate=3072, layers=28, heads=16, kv_heads=8, head_dim=128),
    "1.7B": TransformerSize(hidden=2048, intermediate=6144, layers=28, heads=16, kv_heads=8, head_dim=128),
    "4B": TransformerSize(hidden=2560, intermediate=9728, layers=36, heads=32, kv_heads=8, head_dim=128),
}
FULL = FamilySize(
    latent_channels=64,
    dit=TransformerSize(hidden=2048, intermediate=6144, layers=24, heads=16, kv_heads=8, head_dim=128),
    conditioner=TransformerSize(hidden=2048, intermediate=6144, layers=8, heads=16, kv_heads=8, head_dim=128),
    timbre_layers=4,
    text=TransformerSize(hidden=1024, intermediate=3072, layers=28, heads=16, kv_heads=8, head_dim=128),
    vae_channels=128,
    min_duration_seconds=10,
)
FULL_TEXT_VOCABULARY = 151_669
# As XL it has sizes of its own for the encoder side, and their better timbre token (spec/model.md §2.4).
NANO = FamilySize(
    latent_channels=80,
    dit=TransformerSize(hidden=256, intermediate=704, layers=8, heads=4, kv_heads=2, head_dim=64),
    conditioner=TransformerSize(hidden=128, intermediate=352, layers=2, heads=2, kv_heads=1, head_dim=64),
    timbre_layers=2,
    text=TransformerSize(hidden=128, intermediate=352, layers=2, heads=2, kv_heads=1, head_dim=64),
    vae_channels=64,
    min_duration_seconds=2,
    fsq_levels=(8, 8, 8, 8),
    rope_theta=200,
    patch=1,
)
NANO_TEXT_VOCABULARY = 3072
# 5.6 MB with that vocabulary and 4,096 audio codes.
NANO_PLANNER_NAME = "acestep-5Hz-lm-nano"
NANO_PLANNER = TransformerSize(hidden=192, intermediate=320, layers=5, heads=3, kv_heads=1, head_dim=64)


def dit_config(size: FamilySize, model_version: str, dtype: str) -> Config:
    """config.json of a DiT package; with sizes of its own for the encoder side only where they differ, as in XL."""
    dit, conditioner = size.dit, size.conditioner
    config: Config = {
        "architectures": ["AceStepConditionGenerationModel"],
        "model_type": "acestep",
        "model_version": model_version,
        "is_turbo": model_version == "turbo",
        "dtype": dtype,
        "hidden_size": dit.hidden,
        "intermediate_size": dit.intermediate,
        "num_hidden_layers": dit.layers,
        "num_attention_heads": dit.heads,
        "num_key_value_heads": dit.kv_heads,
        "head_dim": dit.head_dim,
        "num_lyric_encoder_hidden_layers": conditioner.layers,
        "num_timbre_encoder_hidden_layers": size.timbre_layers,
        "num_attention_pooler_hidden_layers": 2,
        "in_channels": 3 * size.latent_channels,
        "audio_acoustic_hidden_dim": size.latent_channels,
        "timbre_hidden_dim": size.latent_channels,
        "text_hidden_dim": size.text.hidden,
        "patch_size": size.patch,
        "pool_window_size": 5,
        "timbre_fix_frame": size.reference_frames,
        "use_sliding_window": True,
        "sliding_window": 128,
        "layer_types": [("sliding_attention", "full_attention")[layer % 2] for layer in range(dit.layers)],
        "rope_theta": size.rope_theta,
        "rope_scaling": None,
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "fsq_dim": conditioner.hidden,
        "fsq_input_levels": list(size.fsq_levels),
        "fsq_input_num_quantizers": 1,
        "timestep_mu": -0.4,
        "timestep_sigma": 1.0,
        "data_proportion": 0.5,
        "min_duration_seconds": size.min_duration_seconds,
    }
    if dit.hidden != conditioner.hidden:
        config |= {
            "encoder_hidden_size": conditioner.hidden,
            "encoder_intermediate_size": conditioner.intermediate,
            "encoder_num_attention_heads": conditioner.heads,
            "encoder_num_key_value_heads": conditioner.kv_heads,
        }
    return config


def qwen3_config(size: TransformerSize, vocabulary: int, *, begin: int, end: int) -> Config:
    """config.json of a Qwen3 with tied embeddings; `begin` and `end` are the ids that start and stop a text."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "dtype": "bfloat16",
        "vocab_size": vocabulary,
        "bos_token_id": begin,
        "eos_token_id": end,
        "hidden_size": size.hidden,
        "intermediate_size": size.intermediate,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "head_dim": size.head_dim,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "max_position_embeddings": 40_960,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000,
        "rope_scaling": None,
        "use_sliding_window": False,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "use_cache": True,
    }


def qwen3_shapes(size: TransformerSize, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Keys without the `model.` prefix and shapes of a Qwen3 without a head of its own."""
    queries, keys = size.heads * size.head_dim, size.kv_heads * size.head_dim
    shapes: dict[str, tuple[int, ...]] = {"embed_tokens.weight": (vocabulary, size.hidden)}
    for layer in range(size.layers):
        for name, shape in {
            "input_layernorm": (size.hidden,),
            "self_attn.q_proj": (queries, size.hidden),
            "self_attn.k_proj": (keys, size.hidden),
            "self_attn.v_proj": (keys, size.hidden),
            "self_attn.o_proj": (size.hidden, queries),
            "self_attn.q_norm": (size.head_dim,),
            "self_attn.k_norm": (size.head_dim,),
            "post_attention_layernorm": (size.hidden,),
            "mlp.gate_proj": (size.intermediate, size.hidden),
            "mlp.up_proj": (size.intermediate, size.hidden),
            "mlp.down_proj": (size.hidden, size.intermediate),
        }.items():
            shapes[f"layers.{layer}.{name}.weight"] = shape
    shapes["norm.weight"] = (size.hidden,)
    return shapes


def vae_config(size: FamilySize) -> Config:
    """config.json of the stereo 48 kHz codec with a hop of 1,920 samples."""
    return {
        "_class_name": "AutoencoderOobleck",
        "audio_channels": 2,
        "channel_multiples": [1, 2, 4, 8, 16],
        "decoder_channels": size.vae_channels,
        "decoder_input_channels": size.latent_channels,
        "downsampling_ratios": [2, 4, 4, 6, 10],
        "encoder_hidden_size": 2 * size.latent_channels,
        "sampling_rate": 48_000,
    }


def nano_vae_config() -> Config:
    """config.json of nano's codec: 24 kHz stereo with a hop of 960 samples.

    Of the latents' 64 products no fewer would do: fitted to synthesised music, as many fixed components of each frame
    keep 10.7 dB of signal over error, 32 of them 5.5. The other 16 are loudnesses (`training.vae.energies`).
    """
    return {
        "_class_name": "AutoencoderOobleck",
        "audio_channels": 2,
        "channel_multiples": [1, 1, 1, 2],
        "decoder_channels": 64,
        "decoder_input_channels": 80,
        "downsampling_ratios": [6, 4, 4, 10],
        "encoder_hidden_size": 160,
        "sampling_rate": 24_000,
    }
