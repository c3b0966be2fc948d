"""Which networks a folder of models means where none are named."""

from pathlib import Path

from quartet.models.family import default_planner, default_variant, planners_of


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


def test_the_public_planner_goes_before_the_first(tmp_path: Path) -> None:
    assert default_planner(tmp_path) == "acestep-5Hz-lm-1.7B"
    add(tmp_path, "acestep-v15-base", "acestep-5Hz-lm-nano", "acestep-5Hz-lm-4B", "acestep-5Hz-lm-0.6B")
    assert planners_of(tmp_path) == ("acestep-5Hz-lm-0.6B", "acestep-5Hz-lm-4B", "acestep-5Hz-lm-nano")
    assert default_planner(tmp_path) == "acestep-5Hz-lm-0.6B"
    add(tmp_path, "acestep-5Hz-lm-1.7B")
    assert default_planner(tmp_path) == "acestep-5Hz-lm-1.7B"
