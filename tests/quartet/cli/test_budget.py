"""A small GPU's memory shared out between the stages."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from quartet.cli.budget import BudgetTooSmallError, Size, Weights, share_out, sizes_of, taken
from quartet.cli.group import cli
from quartet.cli.main import CommandError
from services.encoder import checkpoint as encoder_checkpoint
from services.layers.quantization import WeightForm, stored_bytes
from services.layers.stack import weights_of
from services.planner import checkpoint as planner_checkpoint

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
    small, large = (share_out(mebibytes, PUBLIC, gpu=True)["dit"] for mebibytes in (3700, 4096))
    assert large.weights - small.weights == pytest.approx(396, abs=2)


@pytest.mark.parametrize("form", [WeightForm.FULL, WeightForm.INT8])
def test_sizes_are_those_of_what_is_loaded(tiny_models: Path, form: WeightForm) -> None:
    sizes = sizes_of(tiny_models, "acestep-v15-turbo", "acestep-5Hz-lm-0.6B", itemsize=4)
    device = torch.device("cpu")
    planner = planner_checkpoint.load(tiny_models, "acestep-5Hz-lm-0.6B", dtype=torch.float32, device=device)
    encoder = encoder_checkpoint.load(tiny_models, "acestep-v15-turbo", dtype=torch.float32, device=device)
    for stage, modules in (("planner", [planner.model]), ("encoder", encoder.model.modules())):
        loaded = sum(stored_bytes(tensor) for module in modules for _, _, tensor in weights_of(module))
        # The planner's norms of heads are kept once for each head.
        assert sizes[stage].all("full") * 2**20 == pytest.approx(loaded, rel=0.02)
    assert len(sizes["dit"].layers) == 4
    assert sizes["vae"].layers == ()


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
