"""What the tests render is what the real kustomize renders; and a feature that ours does not know is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.k8s.kustomize import Object, render

ROOT = Path(__file__).parents[2]


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    return {(entry["kind"], entry["metadata"]["name"]): entry for entry in objects}


@pytest.mark.parametrize("folder", ["base", "overlays/laptop"])
def test_the_real_kustomize_renders_the_same(folder: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed: the renderer of these tests is not compared with kustomize")
    command = [kubectl, "kustomize", str(ROOT / "k8s" / folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    real = [entry for entry in yaml.safe_load_all(done.stdout) if entry]
    ours = render(ROOT / "k8s" / folder)
    assert len(ours) == len(real)
    assert by_name(ours) == by_name(real)


def test_an_unknown_feature_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("namePrefix: my-\n")
    with pytest.raises(AssertionError, match="namePrefix"):
        render(tmp_path)


def test_a_patch_without_its_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]\n")
    (tmp_path / "patch.yaml").write_text("{apiVersion: v1, kind: Service, metadata: {name: nobody}}\n")
    with pytest.raises(AssertionError, match="matches 0 objects"):
        render(tmp_path)
