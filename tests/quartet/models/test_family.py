"""Which DiT variant a folder of models means."""

from pathlib import Path

from quartet.models.family import default_variant


def add(models: Path, *names: str) -> None:
    for name in names:
        (models / name).mkdir()
        (models / name / "config.json").write_text("{}")


def test_a_family_with_one_variant_needs_no_flag(tmp_path: Path) -> None:
    assert default_variant(tmp_path) == "acestep-v15-turbo"
    add(tmp_path, "acestep-v15-base", "acestep-5Hz-lm-1.7B")
    (tmp_path / "acestep-v15-half").mkdir()
    assert default_variant(tmp_path) == "acestep-v15-base"


def test_of_several_variants_it_is_the_public_turbo(tmp_path: Path) -> None:
    add(tmp_path, "acestep-v15-base", "acestep-v15-sft")
    assert default_variant(tmp_path) == "acestep-v15-turbo"
