"""Sizes of the Oobleck codec as its config.json gives them (spec/model.md §3.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from services.runtime.checkpoints import CheckpointError


@dataclass(frozen=True)
class VaeConfig:
    """Sizes of the codec; the field names are the keys of the file."""

    audio_channels: int
    channel_multiples: tuple[int, ...]
    decoder_channels: int
    decoder_input_channels: int
    downsampling_ratios: tuple[int, ...]
    encoder_hidden_size: int
    sampling_rate: int

    @classmethod
    def from_json(cls, values: Mapping[str, Any], source: str = "config.json") -> Self:
        """Reads the values of a file. Raises CheckpointError that names every key that is absent or cannot be."""
        problems = [
            f"{source}: key {field.name}: expected {_wanted(field.name)}, found {values.get(field.name, 'nothing')}"
            for field in fields(cls)
            if not _fits(field.name, values.get(field.name))
        ]
        if problems:
            raise CheckpointError("\n".join(problems))
        config = cls(**{field.name: _plain(values[field.name]) for field in fields(cls)})
        config._check_agreement(source)
        return config

    @property
    def hop(self) -> int:
        """Samples per latent frame."""
        return math.prod(self.downsampling_ratios)

    @property
    def latent_channels(self) -> int:
        """Channels of a latent frame."""
        return self.decoder_input_channels

    def _check_agreement(self, source: str) -> None:
        stages = len(self.downsampling_ratios)
        if len(self.channel_multiples) != stages:
            raise CheckpointError(
                f"{source}: key channel_multiples: expected {stages} numbers, one for each of downsampling_ratios, "
                f"found {len(self.channel_multiples)}"
            )
        if any(ratio % 2 for ratio in self.downsampling_ratios):
            raise CheckpointError(
                f"{source}: key downsampling_ratios: expected even numbers, which keep lengths exact, "
                f"found {list(self.downsampling_ratios)}"
            )
        if self.encoder_hidden_size != 2 * self.decoder_input_channels:
            raise CheckpointError(
                f"{source}: key encoder_hidden_size: expected {2 * self.decoder_input_channels}, twice the "
                f"decoder_input_channels, found {self.encoder_hidden_size}"
            )


_LISTS = ("channel_multiples", "downsampling_ratios")


def _wanted(name: str) -> str:
    return "a list of positive whole numbers" if name in _LISTS else "a positive whole number"


def _fits(name: str, value: Any) -> bool:
    if name in _LISTS:
        return isinstance(value, list) and len(value) > 0 and all(_is_count(number) for number in value)
    return _is_count(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
