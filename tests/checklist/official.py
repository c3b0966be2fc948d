"""Every name in the tables of the feature catalogue of the official application, sections 2 to 8, 10 and 11."""

from __future__ import annotations

OFFICIAL: dict[str, tuple[str, ...]] = {
    "2.1": (
        *("task_type", "instruction", "reference_audio", "src_audio", "audio_codes", "caption", "global_caption"),
        *("lyrics", "instrumental", "vocal_language", "bpm", "keyscale", "timesignature", "duration"),
        *("enable_normalization", "normalization_db", "fade_in_duration", "fade_out_duration"),
        *("latent_shift", "latent_rescale", "inference_steps", "seed", "guidance_scale", "use_adg"),
        *("cfg_interval_start", "cfg_interval_end", "shift", "infer_method", "sampler_mode"),
        *("velocity_norm_threshold", "velocity_ema_factor", "dcw_enabled", "dcw_mode", "dcw_scaler"),
        *("dcw_high_scaler", "dcw_wavelet", "timesteps", "repainting_start", "repainting_end", "chunk_mask_mode"),
        *("repaint_mode", "repaint_strength", "repaint_latent_crossfade_frames", "repaint_wav_crossfade_sec"),
        *("retake_seed", "retake_variance", "flow_edit_morph", "flow_edit_source_caption"),
        *("flow_edit_source_lyrics", "flow_edit_n_min", "flow_edit_n_max", "flow_edit_n_avg"),
        *("audio_cover_strength", "cover_noise_strength", "thinking", "lm_temperature", "lm_cfg_scale", "lm_top_k"),
        *("lm_top_p", "lm_negative_prompt", "use_cot_metas", "use_cot_caption", "use_cot_language"),
        *("use_cot_lyrics", "use_constrained_decoding", "cot_bpm", "cot_keyscale", "cot_timesignature"),
        *("cot_duration", "cot_vocal_language", "cot_caption", "cot_lyrics", "guidance_variant", "guidance_params"),
    ),
    "2.2": (
        *("batch_size", "allow_lm_batch", "use_random_seed", "seeds", "lm_batch_chunk_size"),
        *("constrained_decoding_debug", "audio_format", "mp3_bitrate", "mp3_sample_rate"),
    ),
    "2.3": (
        *("success", "error", "status_message", "audios", "path", "tensor", "key", "sample_rate", "params"),
        *("params.seed", "params.audio_codes", "params.retake_seed", "params.audio_format", "params.mp3_*"),
        *("params.lora_loaded", "params.use_lora", "params.lora_scale", "params.lora_weights_hash"),
        *("lm_metadata.bpm", "lm_metadata.caption", "lm_metadata.duration", "lm_metadata.genres"),
        *("lm_metadata.keyscale", "lm_metadata.language", "lm_metadata.vocal_language", "lm_metadata.timesignature"),
        *("lm_phase1_time", "lm_phase2_time", "lm_total_time", "dit_encoder_time_cost", "dit_diffusion_time_cost"),
        *("dit_diffusion_per_step_time_cost", "dit_vae_decode_time_cost", "dit_offload_time_cost"),
        *("dit_total_time_cost", "pipeline_total_time", "audio_conversion_time", "auto_score_time", "auto_lrc_time"),
        *("seed_value", "retake_seed_value", "retake_variance", "pred_latents", "target_latents", "src_latents"),
        *("chunk_masks", "latent_masks", "spans", "encoder_hidden_states", "encoder_attention_mask"),
        *("context_latents", "lyric_token_idss", "generation_info"),
    ),
    "2.4": (
        *("caption", "lyrics", "bpm", "duration", "keyscale", "language", "timesignature", "status_message"),
        *("success", "error", "instrumental", "temperature", "top_k", "top_p", "repetition_penalty"),
        *("use_constrained_decoding", "constrained_decoding_debug"),
    ),
    "3": (
        *("text2music", "cover", "cover-nofsq", "repaint", "extract", "lego", "complete"),
        *("woodwinds", "brass", "fx", "synth", "strings", "percussion", "keyboard", "guitar", "bass", "drums"),
        *("backing_vocals", "vocals"),
    ),
    "4": (
        *("Caption", "Lyrics with structure tags", "Instrumental switch", "Reference audio", "Source audio"),
        *("Audio codes as input", "Voice conditioning", "Load parameters from JSON", "Random example"),
        "Description to song",
    ),
    "5": (
        *("bpm", "keyscale", "timesignature", "vocal_language", "duration", "seed", "repainting_end", "instruction"),
        "caption/lyrics",
    ),
    "6": (
        *("Off", "Metadata only", "Think", "CoT caption", "CoT language", "Sample query", "Sample instrumental"),
        *("Sample vocal_language", "Format caption", "Format lyrics", "Format metadata", "Understand codes"),
        *("Analyze source audio", "Batch", "Constrained decoding", "Prompt editing", "Backends", "Sizes"),
    ),
    "7": ("inference_steps", "timesteps", "shift", "audio_cover_strength", "APG", "ADG"),
    "8": (
        *("audio_cover_strength", "cover_noise_strength", "no_fsq", "caption", "lyrics", "reference audio"),
        *("start", "end", "mode", "strength", "crossfades", "Extend / outpaint", "Repaint from own result"),
        *("retake_variance", "retake_seed", "source caption", "source lyrics", "n_min", "n_max", "n_avg"),
        *("Extract", "Lego", "Complete", "Send to Remix / Repaint", "chunk_mask_mode auto"),
    ),
    "10": (
        *("latent rescale", "latent shift", "tiled decode", "normalization_db", "fades"),
        *("flac", "wav", "wav32", "mp3", "opus", "aac", "mp3 bitrate", "mp3 sample rate"),
        *("file name", "Save button", "All files"),
        *("sidecar parameters", "sidecar seed", "sidecar codes", "sidecar LoRA state", "sidecar format"),
        *("repaint_source_latents_file", "session_artifact_file", "session_artifact_kind"),
    ),
    "11": (
        *("Quality score", "score scale", "Auto Score", "per-condition lines", "lm_score", "dit_score"),
        *("LRC", "Auto LRC", "VTT", "token timestamps", "LM codes view / copy", "Convert to codes"),
    ),
}
"""Names by section. Features without a name of their own have that of their row."""
