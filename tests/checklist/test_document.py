"""docs/parameters.md says what the checklist says."""

from __future__ import annotations

from tests.checklist.document import FILE, document


def test_the_document_is_that_of_the_checklist() -> None:
    assert FILE.read_text("utf-8") == document(), "run `make parameters`"
