"""Pytest's wiring of the project's own tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("proctor", deadline=None, derandomize=True, print_blob=False, database=None)
settings.load_profile("proctor")


@pytest.fixture(scope="session")
def documents() -> Path:
    """The folder of the five documents; skips where a clone stands alone."""
    folder = Path(__file__).parent.parent / "shared" / "documents"
    if not folder.is_dir():
        pytest.skip("the documents are not beside this checkout")
    return folder
