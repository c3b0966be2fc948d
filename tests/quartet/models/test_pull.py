"""Pulling checkpoints from hubs on loopback: what is fetched, resumed, verified and refused."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from quartet.models import catalog
from quartet.models.errors import HubUnreachableError, PullError
from quartet.models.hubs import Hub, HuggingFace, ModelScope
from quartet.models.pull import PlannedFile, disk_free_bytes, pull
from tests.quartet.models.file_server import COMMIT, HubServer, hub_server

MAIN = "ACE-Step/Ace-Step1.5"
TURBO = "acestep-v15-turbo"
WEIGHTS = f"{TURBO}/model.safetensors"
SIZE = 3_000_000


def content(name: str, size: int = 2_000) -> bytes:
    return random.Random(name).randbytes(size)


MAIN_FILES = {
    name: content(name)
    for name in (
        "README.md",
        "config.json",
        f"{TURBO}/config.json",
        f"{TURBO}/configuration_acestep_v15.py",
        f"{TURBO}/modeling_acestep_v15_turbo.py",
        f"{TURBO}/silence_latent.pt",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "Qwen3-Embedding-0.6B/config.json",
        "Qwen3-Embedding-0.6B/model.safetensors",
        "Qwen3-Embedding-0.6B/tokenizer.json",
        "Qwen3-Embedding-0.6B/tokenizer_config.json",
        "Qwen3-Embedding-0.6B/vocab.json",
        "acestep-5Hz-lm-1.7B/model.safetensors",
    )
} | {WEIGHTS: content(WEIGHTS, SIZE)}

XL_FILES = {
    name: content(name)
    for name in (
        "apg_guidance.py",
        "config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "silence_latent.pt",
    )
}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as hub:
        hub.repositories = {MAIN: dict(MAIN_FILES), "ACE-Step/acestep-v15-xl-turbo": dict(XL_FILES)}
        yield hub


def fetch(
    models: Path, hubs: Sequence[Hub], *variants: str, free: int | None = None
) -> tuple[list[str], list[PlannedFile]]:
    """Pulls; returns the notices and the files of which bytes came."""
    notices: list[str] = []
    moved: list[PlannedFile] = []
    pull(
        models,
        catalog.components(variants or (TURBO,)),
        hubs,
        notice=notices.append,
        on_progress=lambda file, have: moved.append(file),
        free_bytes=disk_free_bytes if free is None else lambda folder: free,
    )
    return notices, moved


def tree(models: Path) -> dict[str, bytes]:
    return {
        path.relative_to(models).as_posix(): path.read_bytes()
        for path in models.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


NEEDED = {
    name: data
    for name, data in MAIN_FILES.items()
    if "/" in name and not name.endswith(("vocab.json", ".py")) and "lm" not in name
}


@pytest.mark.parametrize("kind", [HuggingFace, ModelScope])
def test_the_needed_files_arrive_in_the_original_layout(
    hub: HubServer, tmp_path: Path, kind: type[HuggingFace] | type[ModelScope]
) -> None:
    fetch(tmp_path, [kind(hub.address)])
    assert tree(tmp_path) == NEEDED
    for component in (TURBO, "vae", "Qwen3-Embedding-0.6B"):
        source = json.loads((tmp_path / component / ".quartet-source.json").read_text())
        assert (source["hub"], source["repository"], source["commit"]) == (hub.address, MAIN, COMMIT)
    digests = json.loads((tmp_path / TURBO / ".quartet-source.json").read_text())["files"]["model.safetensors"]
    assert digests["bytes"] == SIZE
    assert len(digests["sha256"]) == 64


def test_other_variants_come_from_repositories_of_their_own(hub: HubServer, tmp_path: Path) -> None:
    fetch(tmp_path, [HuggingFace(hub.address)], "acestep-v15-xl-turbo")
    found = {name.removeprefix("acestep-v15-xl-turbo/") for name in tree(tmp_path) if "xl" in name}
    assert found == set(XL_FILES) - {"apg_guidance.py"}


def test_a_second_pull_moves_nothing(hub: HubServer, tmp_path: Path) -> None:
    fetch(tmp_path, [HuggingFace(hub.address)])
    hub.reads.clear()
    _, moved = fetch(tmp_path, [HuggingFace(hub.address)])
    assert moved == []
    assert hub.reads == []


def test_a_damaged_file_is_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    fetch(tmp_path, [HuggingFace(hub.address)])
    damaged = bytearray(MAIN_FILES[WEIGHTS])
    damaged[SIZE // 2] ^= 1
    (tmp_path / WEIGHTS).write_bytes(damaged)
    fetch(tmp_path, [HuggingFace(hub.address)])
    assert tree(tmp_path) == NEEDED


def test_cut_connections_are_taken_up_where_they_broke(hub: HubServer, tmp_path: Path) -> None:
    hub.cut[WEIGHTS] = [1_000_000, 500_000]
    fetch(tmp_path, [HuggingFace(hub.address)])
    assert tree(tmp_path) == NEEDED
    assert hub.starts(WEIGHTS) == [0, 1_000_000, 1_500_000]


def test_a_server_without_ranges_is_read_from_the_start(hub: HubServer, tmp_path: Path) -> None:
    hub.ignores_ranges = True
    hub.cut[WEIGHTS] = [1_000_000]
    fetch(tmp_path, [HuggingFace(hub.address)])
    assert tree(tmp_path) == NEEDED
    assert hub.starts(WEIGHTS) == [0, 0]


def test_a_killed_pull_goes_on_where_it_stopped(hub: HubServer, tmp_path: Path) -> None:
    hub.hold[WEIGHTS] = 1_500_000
    command = [sys.executable, "-m", "quartet.cli", "pull", "ace-step-1.5", "--models", str(tmp_path)]
    process = subprocess.Popen([*command, "--endpoint", hub.address], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while sum(path.stat().st_size for path in tmp_path.rglob("model.safetensors.*.partial")) < 1_500_000:
        assert process.poll() is None, process.stderr and process.stderr.read()
    process.kill()
    process.communicate()
    assert not (tmp_path / WEIGHTS).exists()
    fetch(tmp_path, [HuggingFace(hub.address)])
    assert tree(tmp_path) == NEEDED
    assert hub.starts(WEIGHTS) == [0, 1_500_000]


@pytest.mark.parametrize("kind", [HuggingFace, ModelScope])
@pytest.mark.parametrize("path", [WEIGHTS, f"{TURBO}/config.json"])
def test_wrong_content_is_refused_and_not_kept(
    hub: HubServer, tmp_path: Path, path: str, kind: type[HuggingFace] | type[ModelScope]
) -> None:
    hub.swapped.add(path)
    with pytest.raises(PullError, match="does not hold what the hub says"):
        fetch(tmp_path, [kind(hub.address)])
    assert not (tmp_path / path).exists()
    assert not list(tmp_path.rglob("*.partial"))
    hub.swapped.clear()
    fetch(tmp_path, [kind(hub.address)])
    assert tree(tmp_path) == NEEDED


def test_a_disk_that_is_too_small_is_found_out_before_the_first_byte(hub: HubServer, tmp_path: Path) -> None:
    needed = sum(len(data) for data in NEEDED.values())
    with pytest.raises(PullError, match="make room or choose another folder"):
        fetch(tmp_path, [HuggingFace(hub.address)], free=needed - 1)
    assert hub.reads == []
    fetch(tmp_path, [HuggingFace(hub.address)], free=needed)
    assert tree(tmp_path) == NEEDED


def test_what_is_here_already_needs_no_room(hub: HubServer, tmp_path: Path) -> None:
    fetch(tmp_path, [HuggingFace(hub.address)])
    fetch(tmp_path, [HuggingFace(hub.address)], free=0)


def test_a_hub_that_does_not_answer_is_followed_by_the_next(hub: HubServer, tmp_path: Path) -> None:
    notices, _ = fetch(tmp_path, [HuggingFace("http://127.0.0.1:9"), ModelScope(hub.address)])
    assert any("127.0.0.1:9 does not answer" in notice for notice in notices)
    assert tree(tmp_path) == NEEDED


def test_two_hubs_that_do_not_answer_are_an_error(hub: HubServer, tmp_path: Path) -> None:
    hub.broken = True
    with pytest.raises(HubUnreachableError, match="503"):
        fetch(tmp_path, [HuggingFace("http://127.0.0.1:9"), ModelScope(hub.address)])


@pytest.mark.parametrize("kind", [HuggingFace, ModelScope])
def test_a_missing_repository_or_file_is_named(
    hub: HubServer, tmp_path: Path, kind: type[HuggingFace] | type[ModelScope]
) -> None:
    with pytest.raises(PullError, match="has no ACE-Step/acestep-v15-sft"):
        fetch(tmp_path, [kind(hub.address)], "acestep-v15-sft")
    del hub.repositories[MAIN][f"{TURBO}/silence_latent.pt"]
    with pytest.raises(PullError, match=r"lacks silence_latent\.pt of acestep-v15-turbo"):
        fetch(tmp_path, [kind(hub.address)])


def test_a_mirror_without_digests_is_held_to_the_known_ones(hub: HubServer, tmp_path: Path) -> None:
    hub.names_digests = False
    with pytest.raises(PullError, match="does not hold what the hub says"):
        fetch(tmp_path, [HuggingFace(hub.address)])
    assert not list(tmp_path.rglob("*.safetensors"))


def test_weights_of_which_no_digest_is_known_are_refused(hub: HubServer, tmp_path: Path) -> None:
    hub.names_digests = False
    with pytest.raises(PullError, match=r"names no digest for model-00001-of-00002\.safetensors"):
        fetch(tmp_path, [HuggingFace(hub.address)], "acestep-v15-xl-turbo")


def test_two_pulls_into_one_folder_do_not_mix(hub: HubServer, tmp_path: Path) -> None:
    def pull_again(file: PlannedFile, have: int) -> None:
        fetch(tmp_path, [HuggingFace(hub.address)])

    with pytest.raises(PullError, match="another pull is writing"):
        pull(
            tmp_path,
            catalog.components((TURBO,)),
            [HuggingFace(hub.address)],
            notice=lambda text: None,
            on_progress=pull_again,
        )


def test_partial_files_of_two_versions_do_not_mix(hub: HubServer, tmp_path: Path) -> None:
    hub.cut[WEIGHTS] = [1_000_000] + [0] * 10
    with pytest.raises(HubUnreachableError, match="stays for the next try"):
        fetch(tmp_path, [HuggingFace(hub.address)])
    hub.cut.clear()
    newer = hub.repositories[MAIN][WEIGHTS] = content("newer", SIZE)
    fetch(tmp_path, [HuggingFace(hub.address)])
    assert (tmp_path / WEIGHTS).read_bytes() == newer


def test_unknown_variants_are_named() -> None:
    with pytest.raises(PullError, match="'acestep-v16' is not known; choose one of acestep-v15-turbo"):
        catalog.components(("acestep-v16",))


def test_remote_code_is_never_needed() -> None:
    everything = catalog.components(tuple(catalog.VARIANTS), tuple(catalog.PLANNERS))
    for component in everything:
        prefix = f"{component.folder}/" if component.folder else ""
        assert component.local_path(f"{prefix}modeling.py") is None
        assert component.local_path(f"{prefix}config.json") == "config.json"
