"""Reads the files that people write, YAML or JSON, within bounds of size and depth."""

from __future__ import annotations

import stat
from pathlib import Path

from specs.errors import Problem, SpecError
from specs.json_reader import parse_json
from specs.tree import Tree
from specs.yaml_reader import parse_yaml

__all__ = ["MAX_BYTES", "parse", "read", "read_text"]

MAX_BYTES = 16 * 1024 * 1024


def read(path: Path, shown: str | None = None) -> Tree:
    """The content of a YAML or JSON file (told by the suffix `.json`); raises `SpecError`.

    `shown` is how the file is called in messages.
    """
    shown = shown if shown is not None else str(path)
    return parse(read_text(path, shown), shown, json_text=path.suffix.lower() == ".json")


def parse(text: str, file: str = "<text>", *, json_text: bool = False) -> Tree:
    """The content of a text; raises `SpecError` with the places of what is wrong."""
    if not text.strip():
        raise SpecError([Problem(file, 1, 1, "the file is empty", "an OpenAPI document")])
    return parse_json(text, file) if json_text else parse_yaml(text, file)


def read_text(path: Path, shown: str) -> str:
    """The text of a regular file in UTF-8 of at most `MAX_BYTES` bytes; raises `SpecError`."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SpecError([Problem(shown, 0, 0, "this is a directory", "a file", "name the YAML file in it")])
        if not stat.S_ISREG(mode):
            raise SpecError([Problem(shown, 0, 0, "this is no regular file", "a file")])
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SpecError([Problem(shown, 0, 0, f"the file can't be read ({said})", "a readable file", "check the path")]) from None
    if len(data) > MAX_BYTES:
        raise SpecError([Problem(shown, 0, 0, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "a smaller file")])
    return _decoded(data, shown)


def _decoded(data: bytes, shown: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        problem = Problem(shown, line, column, f"byte 0x{data[error.start]:02x} is not UTF-8", "a text file in UTF-8", "save it as UTF-8")
        raise SpecError([problem]) from None
