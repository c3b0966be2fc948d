"""The arrows between packages are those of the architecture."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("quartet", "serving", "services", "gateway", "training")
STAGES = ("planner", "encoder", "dit", "vae")
STAGE_SHARED = {"quartet", "serving", "services.runtime", "services.layers"}

MAY_IMPORT = {
    "quartet": {"quartet"},
    "serving": {"quartet", "serving"},
    "gateway": {"quartet", "serving", "gateway"},
    "services/runtime": {*STAGE_SHARED},
    "services/layers": {"services.layers"},
    **{f"services/{stage}": {*STAGE_SHARED, f"services.{stage}"} for stage in STAGES},
}


def sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if path.parent != ROOT / "quartet" / "v1")


def imports(path: Path) -> set[str]:
    """Modules that a file imports at any depth, absolute names only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_packages_import_only_what_they_may(folder: str) -> None:
    for path in sources(folder):
        for module in imports(path):
            root, _, rest = module.partition(".")
            if root not in OURS or (root == "services" and not rest):
                continue
            exception = path == ROOT / "quartet" / "cli" / "pull.py" and within(module, {"training"})
            assert within(module, MAY_IMPORT[folder]) or exception, f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("folder", ["quartet", "serving", "gateway"])
def test_torch_stays_in_services_and_training(folder: str) -> None:
    for path in sources(folder):
        assert not any(within(module, {"torch", "transformers"}) for module in imports(path)), path


def test_network_files_know_no_protobuf() -> None:
    """Protobuf ends in servicers, reports and the tensor codec."""
    border = {"servicer.py", "validation.py", "align_validation.py", "__main__.py", "reports.py", "tensors.py"}
    for path in sources("services"):
        if path.name not in border:
            assert not any(within(module, {"google", "quartet.v1"}) for module in imports(path)), path


def test_stages_have_the_same_rooms() -> None:
    rooms = {"__main__.py", "servicer.py", "engine.py", "model.py", "checkpoint.py"}
    for stage in STAGES:
        folder = ROOT / "services" / stage
        if folder.exists():
            assert rooms <= {path.name for path in folder.iterdir()}, stage
