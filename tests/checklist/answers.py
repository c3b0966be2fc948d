"""What the official application answers, and where Quartet says it."""

from __future__ import annotations

from tests.checklist.rows import Answer

_SONG = "tests/integration/test_song.py::"
_PLANNER = "tests/integration/test_planner.py::"
_PLANNED = f"{_PLANNER}test_a_song_is_planned_before_it_is_made"
_STREAM = f"{_SONG}test_a_song_streams_progress_then_audio_then_its_record"
_CHOICES = f"{_SONG}test_open_choices_are_made_and_reported"
_COMPOSE = f"{_PLANNER}test_compose"
_UNDERSTAND = f"{_PLANNER}test_understand_a_recording"
_REWRITE = f"{_PLANNER}test_rewrite_keeps_what_is_given"
_TIMING = "tests/integration/test_lyrics_timing.py::test_every_line_once_in_order_and_within_the_song"
_AGAIN = "tests/integration/test_again.py::test_two_songs_of_a_task_are_made_again"
_TREE = "tests/integration/test_trace.py::test_a_stage_call_shows_where_its_time_went"
_FAILED = f"{_PLANNER}test_a_planner_that_dies_in_mid_plan_ends_the_job"

ROWS = (
    Answer("2.3: success", "Job.state", "tests/integration/test_jobs.py::test_a_job_goes_through_its_states"),
    Answer(
        "2.3: error; 2.4: success, error",
        "Job.failure.message",
        _FAILED,
        "calls raise typed errors that name field and fix",
    ),
    Answer(
        "2.3: status_message; 2.4: status_message",
        "Record.warnings",
        f"{_PLANNER}test_without_a_planner_the_song_is_made_with_a_warning",
        "progress comes as events while the song is made",
    ),
    Answer("2.3: audios", "Song.files", _STREAM),
    Answer(
        "2.3: path; 10: Save button, All files",
        "Song.save",
        "tests/integration/test_cli.py::test_a_song_is_saved_and_its_record_printed",
        "the client names the files: `--output`, several items get their number",
    ),
    Answer(
        "2.3: key; 10: file name",
        "Record.items.sha256",
        f"{_SONG}test_the_same_seed_gives_the_same_bytes",
        "the digest of the file itself; `audio_id` is the same",
    ),
    Answer("2.3: sample_rate", "Record.items.sample_rate", f"{_SONG}test_another_sample_rate_and_tags"),
    Answer(
        "2.3: params; 4: Load parameters from JSON; 10: sidecar parameters",
        "Record.song",
        _AGAIN,
        "`quartet again`, `Record.spec_of`; a record names its models too",
    ),
    Answer("2.3: params.seed, seed_value; 10: sidecar seed", "Record.items.seed", _CHOICES),
    Answer("2.3: params.audio_codes; 10: sidecar codes; 11: LM codes view / copy", "Record.items.codes", _PLANNED),
    Answer(
        "2.3: retake_seed_value",
        "Record.items.variation_seed",
        "tests/integration/test_tasks.py::test_takes_without_seeds_of_their_own_tell_theirs",
    ),
    Answer("2.3: retake_variance", "Retake.variance", _AGAIN, "in `Record.song.task`"),
    Answer("2.1: cot_bpm; 2.3: lm_metadata.bpm", "Record.plan.blueprint.bpm", _PLANNED),
    Answer("2.1: cot_caption; 2.3: lm_metadata.caption", "Record.plan.blueprint.caption", _PLANNED),
    Answer(
        "2.1: cot_duration; 2.3: lm_metadata.duration",
        "Record.plan.blueprint.duration",
        f"{_PLANNER}test_the_length_is_the_planners_where_it_is_open",
    ),
    Answer("2.1: cot_keyscale; 2.3: lm_metadata.keyscale", "Record.plan.blueprint.key_scale", _PLANNED),
    Answer(
        "2.1: cot_vocal_language; 2.3: lm_metadata.language, lm_metadata.vocal_language",
        "Record.plan.blueprint.vocal_language",
        _PLANNED,
    ),
    Answer("2.1: cot_timesignature; 2.3: lm_metadata.timesignature", "Record.plan.blueprint.time_signature", _PLANNED),
    Answer(
        "2.3: lm_phase1_time, lm_phase2_time, lm_total_time, dit_encoder_time_cost, dit_diffusion_time_cost, "
        "dit_vae_decode_time_cost, dit_total_time_cost, audio_conversion_time",
        "Record.timings.compute",
        _TREE,
        "a line per stage and item: plan, encode, sample, decode, write; waiting apart in `queue`",
    ),
    Answer(
        "2.3: dit_diffusion_per_step_time_cost",
        "Record.items.timesteps",
        f"{_SONG}test_sampling_options_reach_the_sampler",
        "time of sample by the steps that were taken",
    ),
    Answer(
        "2.3: pipeline_total_time, generation_info",
        "Record.total",
        _STREAM,
        "`quartet song` prints where the time went",
    ),
    Answer("2.4: caption", "Composition.blueprint.caption", _COMPOSE),
    Answer("2.4: lyrics", "Composition.blueprint.lyrics", _COMPOSE),
    Answer("2.4: bpm", "Composition.blueprint.bpm", _REWRITE),
    Answer("2.4: duration", "Composition.blueprint.duration", _REWRITE),
    Answer("2.4: keyscale", "Composition.blueprint.key_scale", _UNDERSTAND),
    Answer("2.4: language", "Composition.blueprint.vocal_language", _COMPOSE),
    Answer("2.4: timesignature", "Composition.blueprint.time_signature", _REWRITE),
    Answer(
        "11: per-condition lines",
        "Client.score",
        f"{_PLANNER}test_scores",
        "scores by name; reward is the whole, with the official weights",
    ),
    Answer(
        "11: lm_score",
        "Scores.by_name",
        "tests/integration/test_checks.py::test_scores_are_those_of_the_official_formulas",
        "attention under noise alone, which says how well the codes lead; also `SongItem.scores`",
    ),
    Answer(
        "11: dit_score",
        "LyricsTiming.scores.overall",
        _TIMING,
        "with coverage, monotonicity and confidence beside it",
    ),
    Answer(
        "11: token timestamps", "LyricsTiming.lines.words", _TIMING, "words, or characters of scripts without spaces"
    ),
)
