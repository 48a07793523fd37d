"""The specs that ship with Proctor, and where a spec of a given name or path is found."""

from __future__ import annotations

from pathlib import Path

from specs.errors import Problem, SpecError, nearest

__all__ = ["apis_folder", "find", "fixtures_root", "names"]

SUFFIXES = (".yaml", ".yml", ".json")


def apis_folder() -> Path:
    """The folder of the shipped specs."""
    return Path(__file__).parent / "apis"


def fixtures_root() -> Path:
    """The folder of the shipped payloads and seeds.

    In the wheel it travels as `specs/_fixtures`, because PyPI has another package called `fixtures`; in the repository it is `fixtures/`.
    """
    packaged = Path(__file__).parent / "_fixtures"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "fixtures"


def names() -> tuple[str, ...]:
    """The names of the shipped specs, in alphabetical order."""
    return tuple(sorted(path.stem for path in apis_folder().glob("*.yaml")))


def find(name_or_path: str | Path) -> Path:
    """The path of a shipped spec by its name, or of anybody's spec by its path; raises `SpecError` where there is none.

    A name without a slash and without a suffix means a shipped spec first. The API of somebody else's file is called by the file's stem.
    """
    text = str(name_or_path)
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and _is_name(text) and text in names():
        return apis_folder() / f"{text}.yaml"
    if text and _exists(path):
        return path
    known = names()
    if _is_name(text):
        raise SpecError(
            [Problem(text[:300], 0, 0, "no such API or file", f"a path, or one of {', '.join(known) or 'the shipped specs'}", nearest(text, known))]
        )
    raise SpecError([Problem(text[:300], 0, 0, "no such file", "a YAML or JSON file", "check the path")])


def _is_name(text: str) -> bool:
    return bool(text) and not set(text) & {"/", "\\", "\0"} and not text.endswith(SUFFIXES) and text not in (".", "..")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
