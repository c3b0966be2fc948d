"""What has no counterpart, and why."""

from __future__ import annotations

from tests.checklist.rows import LeftOut

ROWS = (
    LeftOut(
        "2.1: instruction; 5: instruction",
        "follows from the task, as in the official interface, which hides it; "
        "a wrong one makes another task of a song silently",
    ),
    LeftOut(
        "2.1: global_caption",
        "is in the prompts of checkpoints that were tuned to stems (`is_lego_sft`) alone, "
        "which have none of their own here",
    ),
    LeftOut(
        "2.1: repaint_latent_crossfade_frames, repaint_wav_crossfade_sec; 8: crossfades",
        "the official application overrides them by mode and strength; here they follow from these too, "
        "and the samples cross over within 25 ms",
    ),
    LeftOut(
        "2.1: use_cot_lyrics, cot_lyrics",
        "only the official command line reads them; lyrics are written by `compose` and `rewrite`",
    ),
    LeftOut(
        "2.1: use_constrained_decoding; 2.4: use_constrained_decoding; 6: Constrained decoding",
        "always on: without the grammar a plan may not parse, and an audio code may be none",
    ),
    LeftOut(
        "2.2: constrained_decoding_debug; 2.4: constrained_decoding_debug",
        "writes a log; traces and metrics show what the planner does",
    ),
    LeftOut(
        "2.2: allow_lm_batch, lm_batch_chunk_size",
        "the planner batches all that waits, of every request, by the memory that it has (`--rows`); "
        "results do not depend on it",
    ),
    LeftOut(
        "2.1: guidance_variant, guidance_params", "of later versions, unconfirmed; `guidance_mode` has APG, ADG and CFG"
    ),
    LeftOut("2.3: tensor", "files are what the wire carries; `wav32f` holds the samples as float32"),
    LeftOut(
        "2.3: params.lora_loaded, params.use_lora, params.lora_scale, params.lora_weights_hash; 10: sidecar LoRA state",
        "adapters are not served yet; the record names the revision of every model",
    ),
    LeftOut(
        "2.3: lm_metadata.genres",
        "the official planner never fills them in songs; `Composition.genres` has those of `compose`",
    ),
    LeftOut(
        "2.3: dit_offload_time_cost",
        "weights that come from host memory do so while others are computed with; that is part of compute",
    ),
    LeftOut(
        "2.3: pred_latents, target_latents, src_latents, chunk_masks, latent_masks, spans, encoder_hidden_states, "
        "encoder_attention_mask, context_latents, lyric_token_idss; "
        "10: repaint_source_latents_file, session_artifact_file, session_artifact_kind",
        "the gateway keeps the final latents beside each result, for repaints, scores and timed lyrics; "
        "all else is computed again from the record",
    ),
    LeftOut(
        "6: Prompt editing",
        "a prompt is made of what the request says; `prompt_form` repeats older layouts, "
        "and `thought` in the record shows the plan",
    ),
    LeftOut("6: Backends", "the planner has one engine for CPU and GPU; there is none to choose"),
    LeftOut(
        "10: tiled decode",
        "windows are a setting of the VAE (`--window-frames`), and the song is the same through any of them",
    ),
)
