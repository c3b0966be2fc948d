"""How large messages between the gateway and the stages may be."""

from __future__ import annotations

MAX_CONDITION_TOKENS = 4096
_CONDITION_WIDTH = 2048
_LATENT_FRAMES, _LATENT_CHANNELS = 15_000, 64
_FLOAT32 = 4

MAX_MESSAGE_BYTES = 32 * 2**20
_CONDITION_BYTES = MAX_CONDITION_TOKENS * _CONDITION_WIDTH * _FLOAT32
_LATENT_BYTES = _LATENT_FRAMES * _LATENT_CHANNELS * _FLOAT32
# Two conditions; context, second context, start, noise and what is kept; three choices among the frames; all else.
MAX_SAMPLE_BYTES = 2 * _CONDITION_BYTES + 5 * _LATENT_BYTES + 3 * _LATENT_FRAMES + 2**16


def message_options(max_sent: int = MAX_MESSAGE_BYTES, max_received: int = MAX_MESSAGE_BYTES) -> list[tuple[str, int]]:
    """gRPC options of a server or a channel whose messages are of at most so many bytes."""
    return [("grpc.max_send_message_length", max_sent), ("grpc.max_receive_message_length", max_received)]
