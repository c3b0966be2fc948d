"""Which repositories and files make up a model family (spec/model.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from quartet.models.errors import PullError

FAMILY = "ace-step-1.5"
DEFAULT_VARIANT = "acestep-v15-turbo"
DEFAULT_PLANNER = "acestep-5Hz-lm-1.7B"

_MAIN = "ACE-Step/Ace-Step1.5"
_WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors", "model.safetensors.index.json")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Component:
    """One folder of a family.

    Attributes:
        name: The folder on this machine.
        repository: Repository on the hub.
        folder: Folder within the repository; empty for its root.
        files: Patterns of the files that Quartet reads. Remote code is never fetched.
        required: Files without which the component is of no use.
    """

    name: str
    repository: str
    folder: str
    files: tuple[str, ...]
    required: tuple[str, ...]

    def local_path(self, path: str) -> str | None:
        """Path within the component's folder of a file of the repository; None where it is not needed."""
        prefix = f"{self.folder}/" if self.folder else ""
        if not path.startswith(prefix):
            return None
        name = path.removeprefix(prefix)
        return name if any(fnmatchcase(name, pattern) for pattern in self.files) and "/" not in name else None


def _dit(name: str) -> Component:
    repository, folder = (_MAIN, name) if name == DEFAULT_VARIANT else (f"ACE-Step/{name}", "")
    files = ("config.json", *_WEIGHTS, "silence_latent.pt")
    return Component(name, repository, folder, files, ("config.json", "silence_latent.pt"))


def _planner(name: str) -> Component:
    repository, folder = (_MAIN, name) if name == DEFAULT_PLANNER else (f"ACE-Step/{name}", "")
    return Component(name, repository, folder, ("config.json", *_WEIGHTS, *_TOKENIZER), ("config.json", *_TOKENIZER))


VARIANTS = {
    name: _dit(name)
    for name in (
        DEFAULT_VARIANT,
        "acestep-v15-base",
        "acestep-v15-sft",
        "acestep-v15-turbo-shift1",
        "acestep-v15-turbo-shift3",
        "acestep-v15-turbo-continuous",
        "acestep-v15-xl-turbo",
        "acestep-v15-xl-base",
        "acestep-v15-xl-sft",
    )
}
PLANNERS = {name: _planner(name) for name in ("acestep-5Hz-lm-0.6B", DEFAULT_PLANNER, "acestep-5Hz-lm-4B")}

_VAE_WEIGHTS = "diffusion_pytorch_model.safetensors"
_VAE = Component("vae", _MAIN, "vae", ("config.json", _VAE_WEIGHTS), ("config.json", _VAE_WEIGHTS))
_TEXT_FILES = ("config.json", "model.safetensors", *_TOKENIZER)
_TEXT = Component("Qwen3-Embedding-0.6B", _MAIN, "Qwen3-Embedding-0.6B", _TEXT_FILES, _TEXT_FILES)

_SILENCE = "a778e9dd942f5e8b2c09c55370782d318834432b03dabbcdf70e6ed49ad6358b"
KNOWN_SHA256 = {
    (_MAIN, "acestep-v15-turbo/model.safetensors"): "3f6e0797fad420a39bd33979eb6e840e30989e34a3794e843d23b60ec6e422d7",
    (_MAIN, "acestep-v15-turbo/silence_latent.pt"): _SILENCE,
    ("ACE-Step/acestep-v15-base", "model.safetensors"): (
        "4177f600501a6d4bd81cadaa0abac557ffd15c54e5c8cb52053cdb24a0844d6b"
    ),
    (_MAIN, f"vae/{_VAE_WEIGHTS}"): "da17edb604c40deaf09e9b24974e590d1ca83a374070e5d0884cfa4bed9a99b0",
    (_MAIN, "Qwen3-Embedding-0.6B/model.safetensors"): (
        "0437e45c94563b09e13cb7a64478fc406947a93cb34a7e05870fc8dcd48e23fd"
    ),
    (_MAIN, "Qwen3-Embedding-0.6B/tokenizer.json"): "def76fb086971c7867b829c23a26261e38d9d74e02139253b38aeb9df8b4b50a",
}
"""Digests of the first public release. They stand in where a mirror names none; a hub's own digest goes first."""


def components(variants: tuple[str, ...], planners: tuple[str, ...] = ()) -> tuple[Component, ...]:
    """The folders that the named variants and planners need. Raises PullError for unknown names."""
    for name, known in [*((v, VARIANTS) for v in variants), *((p, PLANNERS) for p in planners)]:
        if name not in known:
            raise PullError(f"{name!r} is not known; choose one of {', '.join(known)}")
    return (*(VARIANTS[name] for name in variants), _VAE, _TEXT, *(PLANNERS[name] for name in planners))
