"""Our chain, from a caller to real stage servers, beside diffusers' pipeline with the same weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from quartet import Client, SongSpec, tensors
from quartet.tasks import Task
from quartet.v1 import dit_pb2, tensor_pb2
from services.runtime.noise import Purpose, gaussian
from tests.parity.reference_pipeline import reference_pipeline
from tests.support.processes import running
from tests.support.recording import Recorder, recording

FRAMES, CHANNELS, HOP = 131, 8, 1920
STEPS, SHIFT, SEED = 5, 3.0, 7
WISH = SongSpec(
    caption="a slow waltz",
    lyrics="[Verse]\nround and round",
    bpm=92,
    key_scale="A minor",
    time_signature="3",
    vocal_language="en",
    seeds=(SEED,),
    steps=STEPS,
    shift=SHIFT,
    guidance=1.0,
    wavelet_correction=(0.0, 0.0),
)
# The words as diffusers' arguments; without a duration it takes that of the source.
WORDS: dict[str, Any] = {
    "prompt": WISH.caption,
    "lyrics": WISH.lyrics,
    "bpm": WISH.bpm,
    "keyscale": WISH.key_scale,
    "timesignature": WISH.time_signature,
    "vocal_language": WISH.vocal_language,
}


@dataclass(frozen=True)
class Pair:
    """Our chain, with recorders before two of its stages, and diffusers' pipeline.

    The pipeline's codec is not asked: it would draw from the posterior without a seed. What it encodes becomes the
    latents in `encoded` that have as many frames.
    """

    client: Client
    dit: Recorder
    vae: Recorder
    pipeline: Any
    encoded: dict[int, torch.Tensor]

    def ours(self, task: Task, **options: Any) -> torch.Tensor:
        """Final latents [frames, channels], as the DiT sent them."""
        self.client.generate(dataclasses.replace(WISH, task=task, **options))
        return latents_of(self.dit.responses("Sample", dit_pb2.SampleResponse)[-1].result.latents)

    def theirs(self, task_type: str, **options: Any) -> torch.Tensor:
        """The same of diffusers, from the noise of our seed."""
        defaults = {
            **WORDS,
            "src_audio": torch.zeros(2, FRAMES * HOP),
            "audio_duration": None,
            "latents": noise()[None],
            "num_inference_steps": STEPS,
            "shift": SHIFT,
            "guidance_scale": 1.0,
        }
        latents: torch.Tensor = self.pipeline(
            task_type=task_type, output_type="latent", **{**defaults, **options}
        ).audios[0]
        return latents

    @torch.no_grad()
    def condition(self, instruction: str, frames: int = FRAMES) -> torch.Tensor:
        """What diffusers' encoders make of the words."""
        text, text_mask, lyrics, lyric_mask = self.pipeline.encode_prompt(
            device=torch.device("cpu"), audio_duration=frames / 25, instruction=instruction, **WORDS
        )
        condition: torch.Tensor = self.pipeline.condition_encoder(
            text_hidden_states=text,
            text_attention_mask=text_mask,
            lyric_hidden_states=lyrics,
            lyric_attention_mask=lyric_mask,
            refer_audio_acoustic_hidden_states_packed=self.pipeline.condition_encoder.silence_latent[:, :750],
            refer_audio_order_mask=torch.zeros(1, dtype=torch.long),
        )[0]
        return condition

    def silence(self, frames: int = FRAMES) -> torch.Tensor:
        """Latents of silence [frames, channels]."""
        latents: torch.Tensor = self.pipeline.condition_encoder.silence_latent[0, :frames]
        return latents

    @torch.no_grad()
    def hints(self, source: torch.Tensor, frames: int = FRAMES) -> torch.Tensor:
        """What the audio codes of latents [frames, channels] keep of them; they may end after the latents."""
        pipeline = self.pipeline
        quantized, _ = pipeline.audio_tokenizer.tokenize(source[None], pipeline.condition_encoder.silence_latent)
        hints: torch.Tensor = pipeline.audio_token_detokenizer(quantized)[0, :frames]
        return hints


@contextmanager
def chain_pair(models: Path, variant: str, vae_address: str, data: Path) -> Iterator[Pair]:
    """Servers of a variant in float32, a gateway in front of them, and the pipeline."""
    family = ("--models", str(models), "--variant", variant, "--dtype", "float32")
    encoded: dict[int, torch.Tensor] = {}
    pipeline = reference_pipeline(models, variant)

    def encode(audio: torch.Tensor) -> SimpleNamespace:
        latents = encoded[audio.shape[-1] // HOP].T[None]
        return SimpleNamespace(latent_dist=SimpleNamespace(sample=lambda: latents))

    pipeline.vae.encode = encode
    with (
        running("services.encoder", *family) as encoder,
        running("services.dit", *family) as dit,
        recording(dit.address) as sampling,
        recording(vae_address) as coding,
    ):
        stages = ("--encoder", encoder.address, "--dit", sampling.address, "--vae", coding.address)
        with (
            running("gateway", *stages, "--port", "0", "--data", str(data)) as server,
            Client(server.address) as client,
        ):
            yield Pair(client, sampling, coding, pipeline, encoded)


def latents_of(message: tensor_pb2.Tensor) -> torch.Tensor:
    """Latents [frames, channels] that a stage sent."""
    return torch.tensor(tensors.decode_float32(message, (None, CHANNELS)))


def noise(frames: int = FRAMES) -> torch.Tensor:
    """The initial noise of the seed."""
    return gaussian(SEED, Purpose.INITIAL, (frames, CHANNELS))
