"""A small spec of the tests' own, and a way to write a changed one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent / "data" / "library.yaml"


@pytest.fixture(scope="session")
def library() -> Path:
    """The path of the small spec."""
    return LIBRARY


@pytest.fixture
def library_with(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small spec with one piece of its text replaced, and gives its path."""

    def write(old: str, new: str) -> Path:
        text = LIBRARY.read_text("utf-8")
        assert old in text, f"the small spec has no {old!r}"
        path = tmp_path / "library.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "spec.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
