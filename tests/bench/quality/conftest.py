"""A classifier of styles that has heard little."""

from __future__ import annotations

import pytest

from bench.quality.style import StyleClassifier, classifier_of_generator
from training.synth.styles import STYLES


@pytest.fixture(scope="package")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> StyleClassifier:
    return classifier_of_generator(tmp_path_factory.mktemp("classifier"), clips=len(STYLES), seconds=3.0)
