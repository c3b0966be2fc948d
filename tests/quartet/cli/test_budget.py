"""A small GPU's memory shared out between the stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from quartet.cli.budget import BudgetTooSmallError, Size, Weights, share_out, sizes_of, taken
from quartet.cli.group import cli
from quartet.cli.main import CommandError
from services.dit import checkpoint as dit_checkpoint
from services.encoder import checkpoint as encoder_checkpoint
from services.layers.quantization import WeightForm, stored_bytes
from services.layers.stack import weights_of
from services.planner import checkpoint as planner_checkpoint
from services.vae import checkpoint as vae_checkpoint

# MiB of the public turbo family with the planner of 0.6B, in bfloat16.
PUBLIC = {
    "planner": Weights((30.0,) * 28, 424.0, cache=0.109375),
    "encoder": Weights((30.0,) * 28 + (96.0,) * 16, 321.0),
    "dit": Weights((120.0,) * 24, 124.0),
    "vae": Weights((), 322.0),
}
LAYERS = st.lists(st.floats(0.1, 200), max_size=12).map(tuple)
FAMILY = st.fixed_dictionaries(
    {stage: st.builds(Weights, LAYERS, st.floats(0.1, 500), st.floats(0, 0.2)) for stage in PUBLIC}
)


@given(FAMILY, st.floats(100, 40_000), st.booleans())
def test_shares_never_exceed_the_budget(sizes: dict[str, Weights], budget: float, gpu: bool) -> None:
    try:
        shares = share_out(budget, sizes, gpu=gpu)
    except BudgetTooSmallError as refused:
        least = refused.least
        assert least > budget
        budget, shares = least, share_out(least, sizes, gpu=gpu)
    assert taken(shares, in_turn=gpu) <= budget
    assert shares.keys() == sizes.keys()


def test_the_public_family_on_cards_of_all_sizes() -> None:
    def flags(gibibytes: float, stage: str) -> str:
        return " ".join(share_out(gibibytes * 1024, PUBLIC, gpu=True)[stage].flags)

    assert "--weights-mib" not in flags(12, "dit") + flags(12, "encoder")
    assert "--weights full" in flags(12, "dit")
    assert "--weights int8" in flags(8, "dit")
    assert "--weights-mib" not in flags(8, "encoder")
    assert "--weights-mib" in flags(4, "encoder")
    assert "--weights-mib" in flags(4, "dit")
    with pytest.raises(BudgetTooSmallError):
        share_out(2048, PUBLIC, gpu=True)


def test_what_is_left_over_goes_to_the_samplers_layers() -> None:
    small, large = (share_out(mebibytes, PUBLIC, gpu=True)["dit"] for mebibytes in (3900, 4096))
    assert large.weights - small.weights == pytest.approx(196, abs=2)


@pytest.mark.parametrize("form", [WeightForm.FULL, WeightForm.INT8])
def test_sizes_are_those_of_what_is_loaded(tiny_models: Path, form: WeightForm) -> None:
    sizes = sizes_of(tiny_models, "acestep-v15-turbo", "acestep-5Hz-lm-0.6B", itemsize=4)
    device = torch.device("cpu")
    options: dict[str, Any] = {"dtype": torch.float32, "device": device}
    modules: dict[str, list[nn.Module]] = {
        "planner": [planner_checkpoint.load(tiny_models, "acestep-5Hz-lm-0.6B", form=form, **options).model],
        "dit": [dit_checkpoint.load(tiny_models, "acestep-v15-turbo", form=form, **options).model],
    }
    if form is WeightForm.FULL:
        modules["encoder"] = encoder_checkpoint.load(tiny_models, "acestep-v15-turbo", **options).model.modules()
        modules["vae"] = [vae_checkpoint.load(tiny_models, **options).model]
    # In 8 bits a scale for each row is much beside rows of 32, and so are the tables that keep their type.
    tolerance = 0.02 if form is WeightForm.FULL else 0.35
    itemsize_share = 1.0 if form is WeightForm.FULL else 0.5  # shares are of bfloat16
    for stage, loaded in modules.items():
        size = sum(stored_bytes(tensor) for module in loaded for _, _, tensor in weights_of(module))
        layers = sizes[stage].all(form) - sizes[stage].outside
        expected = sizes[stage].outside + layers * itemsize_share
        assert expected * 2**20 == pytest.approx(size, rel=tolerance), stage


@pytest.mark.parametrize(("text", "mebibytes"), [("4GiB", 4096), ("1.5GiB", 1536), ("512MiB", 512), ("8G", 8192)])
def test_sizes_as_people_write_them(text: str, mebibytes: float) -> None:
    assert Size().convert(text, None, None) == mebibytes


@pytest.mark.parametrize("text", ["4", "GiB", "-4GiB", "0GiB", "4 parsecs", "nanGiB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(click.UsageError, match="write it as 4GiB"):
        Size().convert(text, None, None)


def test_too_little_memory_is_told_before_anything_starts(tiny_models: Path, tmp_path: Path) -> None:
    flags = ["up", "--models", str(tiny_models), "--data", str(tmp_path), "--port", "0", "--vram", "100MiB"]
    with pytest.raises(CommandError, match=r"--vram: .* need \d+ MiB at least"):
        cli(flags, standalone_mode=False)
