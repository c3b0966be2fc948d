"""Renders the kustomizations of this repository: resources, namespace, images and strategic-merge patches by path.

The tests also run where no recent kustomize is installed, so they bring this. It is no replacement: a kustomization
that uses any other feature is refused, and `test_kustomize.py` compares it with the real one where there is kubectl.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "patches"}
_CLUSTER_SCOPED = {"Namespace"}
_MERGED_BY_NAME = {"containers", "initContainers", "volumes", "env", "ports"}


def render(folder: Path) -> list[Object]:
    """The objects that a kustomization applies."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(kustomization) - _KNOWN
    assert not unknown, f"{folder} uses features that this renderer does not know: {unknown}"
    objects: list[Object] = []
    for resource in kustomization.get("resources", []):
        path = folder / resource
        objects += render(path) if path.is_dir() else _load(path)
    for entry in objects:
        if "namespace" in kustomization and entry["kind"] not in _CLUSTER_SCOPED:
            entry["metadata"]["namespace"] = kustomization["namespace"]
    for patch in kustomization.get("patches", []):
        assert set(patch) == {"path"}, f"{folder}: only patches by path are known"
        for change in _load(folder / patch["path"]):
            _merge(_find(objects, change), change)
    for image in kustomization.get("images", []):
        for entry in objects:
            _replace_image(entry, image)
    return objects


def _load(path: Path) -> list[Object]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _find(objects: list[Object], change: Object) -> Object:
    key = _identity(change)
    matches = [entry for entry in objects if _identity(entry) == key]
    assert len(matches) == 1, f"a patch for {key} matches {len(matches)} objects"
    return matches[0]


def _identity(entry: Object) -> tuple[str, str, str, str]:
    metadata = entry["metadata"]
    return entry["apiVersion"], entry["kind"], metadata.get("namespace", ""), metadata["name"]


def _merge(target: Object, change: Object) -> None:
    for key, value in change.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        elif key in _MERGED_BY_NAME and key in target:
            target[key] = _merged_by_name(target[key], value)
        else:
            target[key] = value


def _merged_by_name(known: list[Object], changes: list[Object]) -> list[Object]:
    """What is changed comes first, as kustomize has it."""
    rest = {entry["name"]: entry for entry in known}
    merged = []
    for change in changes:
        entry = rest.pop(change["name"], {})
        _merge(entry, change)
        merged.append(entry)
    return [*merged, *rest.values()]


def _replace_image(entry: Object, image: Object) -> None:
    pod = entry.get("spec", {}).get("template", {}).get("spec", {})
    for container in pod.get("containers", []) + pod.get("initContainers", []):
        if container["image"].partition(":")[0] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"
