"""What `quartet up` finds in a folder of models."""

from pathlib import Path

from quartet.cli.up import only_variant


def test_a_family_with_one_variant_needs_no_flag(tmp_path: Path) -> None:
    assert only_variant(tmp_path) is None
    for name in ("acestep-v15-base", "acestep-5Hz-lm-1.7B"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "acestep-v15-half").mkdir()
    assert only_variant(tmp_path) == "acestep-v15-base"


def test_of_several_variants_the_servers_choose(tmp_path: Path) -> None:
    for name in ("acestep-v15-base", "acestep-v15-sft"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    assert only_variant(tmp_path) is None
