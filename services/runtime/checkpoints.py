"""Reading weights: original safetensors files, memory-mapped, straight to the target dtype, checked key by key."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from services.layers.linear import JoinedLinear, Linear
from services.layers.packable import Packable
from services.layers.quantization import NoTorchaoError, WeightForm, quantized
from services.layers.stack import LayerStack
from serving.server import StartupError

log = logging.getLogger(__name__)
_MAX_LISTED = 20
_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class CheckpointError(StartupError):
    """A checkpoint that cannot be served; names file, key, what was expected and what was found."""


class TensorReader(Protocol):
    """Named tensors of a checkpoint."""

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor by its key."""

    def location(self, key: str) -> str:
        """Where a key is or should be, for messages."""

    def read(self, key: str) -> torch.Tensor:
        """The tensor, memory-mapped."""


class SafetensorsFolder:
    """The safetensors of a model folder, one file or several shards behind an index.

    `dtype` is the type that the weights will be used in. What is stored in it is used as it lies in one mapping of its
    file: with a mapping for each tensor, pages at their borders would count as held more than once. Anything else is
    mapped alone, so that its pages go once it is converted.
    """

    def __init__(self, folder: Path, name: str = "model.safetensors", *, dtype: torch.dtype | None = None) -> None:
        self._folder = folder
        self._name = name
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._file_of: dict[str, Path] = {}
        self._used_as_stored: set[str] = set()
        self._mappings: dict[Path, Any] = {}
        self.files = self._find_files()
        for file in self.files:
            with _opened(file) as tensors:
                for key in tensors.keys():  # noqa: SIM118 (a safetensors handle is no dict)
                    self._file_of[key] = file
                    stored = tensors.get_slice(key)
                    self._shapes[key] = tuple(stored.get_shape())
                    if dtype is not None and _DTYPES.get(stored.get_dtype()) == dtype:
                        self._used_as_stored.add(key)

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor by its key."""
        return self._shapes

    def location(self, key: str) -> str:
        """The file that holds a key, or the one that was to hold it."""
        return str(self._file_of.get(key, self._folder / self._name))

    def read(self, key: str) -> torch.Tensor:
        """The tensor, memory-mapped; its pages are freed with the last reference to it or to its mapping."""
        file = self._file_of[key]
        if key in self._used_as_stored:
            if file not in self._mappings:
                self._mappings[file] = _opened(file)
            shared: torch.Tensor = self._mappings[file].get_tensor(key)
            return shared
        with _opened(file) as tensors:
            alone: torch.Tensor = tensors.get_tensor(key)
        return alone

    def _find_files(self) -> tuple[Path, ...]:
        single, index = self._folder / self._name, self._folder / f"{self._name}.index.json"
        if single.is_file():
            return (single,)
        if not index.is_file():
            raise CheckpointError(f"{single}: there is no such file, nor an index of shards beside it")
        shards = sorted(set(read_json(index)["weight_map"].values()))
        files = tuple(self._folder / shard for shard in shards)
        missing = [str(file) for file in files if not file.is_file()]
        if missing:
            raise CheckpointError(f"{index}: names shards that are missing: {', '.join(missing)}")
        return files


def check_tensors(
    expected: Mapping[str, tuple[int, ...]], tensors: TensorReader, prefix: str, expected_unused: Iterable[str] = ()
) -> None:
    """Compares a checkpoint with the shapes that are expected under a prefix; all keys are whole.

    Raises CheckpointError that lists every missing and every misshapen key. Unexpected keys under the prefix are named
    in a warning, but for those in `expected_unused`.
    """
    shapes = tensors.shapes()
    problems = []
    for key, shape in expected.items():
        if key not in shapes:
            problems.append(f"{tensors.location(key)}: key {key}: expected {list(shape)}, found nothing")
        elif shapes[key] != shape:
            problems.append(f"{tensors.location(key)}: key {key}: expected {list(shape)}, found {list(shapes[key])}")
    if problems:
        more = f"\n... and {len(problems) - _MAX_LISTED} more" if len(problems) > _MAX_LISTED else ""
        raise CheckpointError("\n".join(problems[:_MAX_LISTED]) + more)
    known = {*expected, *expected_unused}
    unexpected = sorted(key for key in shapes if key.startswith(prefix) and key not in known)
    if unexpected:
        log.warning("%s: unexpected keys: %s", tensors.location(unexpected[0]), ", ".join(unexpected))


def load_module(
    module: nn.Module,
    tensors: TensorReader,
    prefix: str,
    *,
    dtype: torch.dtype,
    device: torch.device,
    expected_unused: Iterable[str] = (),
    form: WeightForm = WeightForm.FULL,
    pack: bool = True,
) -> None:
    """Fills a module that was built on the meta device from the keys under a prefix, and packs what can be packed.

    `form` is that of the projections in layer stacks. Raises CheckpointError and warns as `check_tensors` does;
    `expected_unused` are names without the prefix.
    """
    check_tensors(disk_shapes(module, prefix), tensors, prefix, [prefix + name for name in expected_unused])
    in_stacks = projections_in_stacks(module)
    for name, shapes in _disk_shapes_by_parameter(module).items():
        path, _, leaf = name.rpartition(".")
        owner = module.get_submodule(path)
        parts = [tensors.read(prefix + key).to(dtype) for key in shapes]
        weight = parts[0] if len(parts) == 1 else torch.cat(parts)
        if name in in_stacks:
            weight = in_form(weight, form)
        setattr(owner, leaf, nn.Parameter(weight.to(device), requires_grad=False))
        if pack and isinstance(owner, Packable) and leaf == "weight":
            owner.pack()


def projections_in_stacks(module: nn.Module) -> set[str]:
    """Names of the weights that may have another form."""
    stacks = tuple(f"{name}." for name, part in module.named_modules() if isinstance(part, LayerStack))
    owners = (name for name, part in module.named_modules() if isinstance(part, Linear) and name.startswith(stacks))
    return {f"{name}.weight" for name in owners}


def in_form(weight: torch.Tensor, form: WeightForm) -> torch.Tensor:
    """A weight in a form. Raises CheckpointError where that needs what is not installed."""
    try:
        return quantized(weight, form)
    except NoTorchaoError as error:
        raise CheckpointError(str(error)) from None


def disk_shapes(module: nn.Module, prefix: str) -> dict[str, tuple[int, ...]]:
    """Shapes by key, under a prefix, of what a module is loaded from, where projections that it joins lie apart."""
    by_parameter = _disk_shapes_by_parameter(module).values()
    return {prefix + key: shape for shapes in by_parameter for key, shape in shapes.items()}


def _disk_shapes_by_parameter(module: nn.Module) -> dict[str, dict[str, tuple[int, ...]]]:
    shapes: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, parameter in module.named_parameters():
        path, _, leaf = name.rpartition(".")
        owner = module.get_submodule(path)
        if isinstance(owner, JoinedLinear):
            parent = path.rpartition(".")[0]
            width = parameter.shape[1]
            shapes[name] = {f"{parent}.{part}.{leaf}": (rows, width) for part, rows in owner.parts.items()}
        else:
            shapes[name] = {name: tuple(parameter.shape)}
    return shapes


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises CheckpointError."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: holds no JSON object")
    return value


def read_silence_latents(folder: Path, channels: int) -> torch.Tensor:
    """`silence_latent.pt` as [frames, channels] float32 (spec/model.md §7.3: on disk it is [1, channels, frames]).

    The one file of the original layout that is not safetensors. torch's weights-only reader builds nothing but tensors
    from it (docs/adr/0002).
    """
    path = folder / "silence_latent.pt"
    try:
        silence = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except Exception as error:
        raise CheckpointError(f"{path}: cannot be read as a tensor: {error}") from None
    if not isinstance(silence, torch.Tensor) or silence.ndim != 3 or silence.shape[:2] != (1, channels):
        found = list(silence.shape) if isinstance(silence, torch.Tensor) else type(silence).__name__
        raise CheckpointError(f"{path}: expected [1, {channels}, frames], found {found}")
    return silence[0].T.to(torch.float32).contiguous()


def revision(files: Iterable[Path]) -> str:
    """Digest of files, in any order: the same revision, the same weights and configs."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(f"{file.name}:{hashlib.file_digest(stream, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]


def _opened(file: Path) -> Any:
    try:
        return safe_open(file, framework="pt", device="cpu")
    except SafetensorError as error:
        raise CheckpointError(f"{file}: is not a whole safetensors file: {error}") from None
