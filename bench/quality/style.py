"""A classifier of styles: multinomial logistic regression over features, fitted to clips of seeds of its own."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

import training.synth
from bench.quality import degradation, style_features
from bench.quality.degradation import degraded
from bench.quality.recordings import recording_of
from bench.quality.style_features import Features, features_of
from quartet.cli.audio import Recording
from training.synth.clip import make_clip
from training.synth.styles import STYLES

TRAINING_SEEDS = 2_000_000_000
HELD_OUT_SEEDS = 3_000_000_000
_PENALTY = 1.0
_DEGRADED_COPIES = 2
_CLOSEST_TO_ZERO = 1e-6
_KEPT = ("centre", "scale", "weights", "confusion", "degraded_confusion")

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StyleClassifier:
    """Weights [features + 1, styles] over features that `centre` and `scale` [features] bring to unit size.

    `confusion` [styles, styles] counts clips of held-out seeds: rows are true styles, columns those that were heard.
    `degraded_confusion` counts the same clips degraded.
    """

    names: tuple[str, ...]
    centre: Features
    scale: Features
    weights: Features
    confusion: Labels
    degraded_confusion: Labels

    @property
    def accuracy(self) -> float:
        """Share of the clips of held-out seeds whose style is heard; 0 where none were held out."""
        return _right(self.confusion)

    @property
    def degraded_accuracy(self) -> float:
        """The same of degraded ones."""
        return _right(self.degraded_confusion)

    @property
    def tested(self) -> int:
        """Clips of held-out seeds."""
        return int(self.confusion.sum())

    def style_of(self, recording: Recording) -> str:
        """Name of the likeliest style."""
        return self.names[int(self.scores(features_of(recording)[None])[0].argmax())]

    def scores(self, features: Features) -> Features:
        """[clips, styles] of [clips, features]; the highest is the likeliest."""
        scores: Features = _with_one((features - self.centre) / self.scale) @ self.weights
        return scores


def fit(features: Features, labels: Labels, names: Sequence[str]) -> StyleClassifier:
    """The classifier that explains labels [clips] by features [clips, features] with the least penalised surprise."""
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > _CLOSEST_TO_ZERO, scale, 1.0)
    inputs, wanted = _with_one((features - centre) / scale), np.eye(len(names))[labels]
    shape = (inputs.shape[1], len(names))

    def surprise(flat: Features) -> tuple[float, Features]:
        weights = flat.reshape(shape)
        scores = inputs @ weights
        scores -= scores.max(axis=1, keepdims=True)
        logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        gradient = inputs.T @ (np.exp(logarithms) - wanted) + _PENALTY * weights
        return float(-(wanted * logarithms).sum() + 0.5 * _PENALTY * (weights**2).sum()), gradient.ravel()

    found = minimize(surprise, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    nothing = np.zeros((len(names), len(names)), np.int64)
    return StyleClassifier(tuple(names), centre, scale, found.x.reshape(shape), nothing, nothing)


def confusion(classifier: StyleClassifier, features: Features, labels: Labels) -> Labels:
    """[styles, styles] counts of clips [clips, features]."""
    counts = np.zeros((len(classifier.names), len(classifier.names)), np.int64)
    np.add.at(counts, (labels, classifier.scores(features).argmax(axis=1)), 1)
    return counts


def classifier_of_generator(folder: Path, clips: int, seconds: float) -> StyleClassifier:
    """One for all styles of the generator, fitted to `clips` clips of a length and tested with a quarter as many.

    Each clip counts as it is and degraded in two ways. Kept in a folder under a digest of the code that it comes from.
    """
    path = folder / f"styles-{_digest(clips, seconds)}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return StyleClassifier(tuple(map(str, kept["names"])), **{part: kept[part] for part in _KEPT})
    plain, rough, labels = _examples(TRAINING_SEEDS, clips, seconds)
    names = [style.name for style in STYLES]
    rough_labels = labels.repeat(_DEGRADED_COPIES)
    fitted = fit(np.concatenate([plain, rough]), np.concatenate([labels, rough_labels]), names)
    plain, rough, labels = _examples(HELD_OUT_SEEDS, max(clips // 4, len(STYLES)), seconds)
    rough_labels = labels.repeat(_DEGRADED_COPIES)
    tested = dataclasses.replace(
        fitted, confusion=confusion(fitted, plain, labels), degraded_confusion=confusion(fitted, rough, rough_labels)
    )
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, names=names, **{part: getattr(tested, part) for part in _KEPT})
    partial.replace(path)
    return tested


def _examples(first_seed: int, clips: int, seconds: float) -> tuple[Features, Features, Labels]:
    """Features of clips, of their degraded copies one after the other, and labels; equally many of each style."""
    labels = np.arange(clips) % len(STYLES)
    plain, rough = [], []
    for number, label in enumerate(labels):
        clip = make_clip(first_seed + number, seconds=seconds, style=STYLES[label])
        recording = recording_of(clip.audio, clip.rate)
        plain.append(features_of(recording))
        for copy in range(_DEGRADED_COPIES):
            random = np.random.default_rng((first_seed + number, copy))
            rough.append(features_of(degraded(recording, random)))
    return np.stack(plain), np.stack(rough), labels


def _right(counts: Labels) -> float:
    return float(np.trace(counts) / max(counts.sum(), 1))


def _digest(clips: int, seconds: float) -> str:
    digest = hashlib.sha256(f"{clips} {seconds} {_PENALTY} {_DEGRADED_COPIES}".encode())
    own = [Path(str(module.__file__)) for module in (style_features, degradation)]
    sources = [*own, *sorted(Path(training.synth.__path__[0]).rglob("*.py"))]
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _with_one(features: Features) -> Features:
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)
