from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from specs import catalogue
from specs.errors import SpecError


def test_names_are_those_of_the_shipped_files() -> None:
    assert set(catalogue.names()) == {path.stem for path in (Path(catalogue.__file__).parent / "apis").iterdir() if path.suffix == ".yaml"}


def test_name_finds_the_shipped_spec() -> None:
    for name in catalogue.names():
        assert catalogue.find(name) == catalogue.apis_folder() / f"{name}.yaml"


def test_path_finds_any_file(written: Callable[..., Path]) -> None:
    path = written("x", "my.api.yaml")
    assert catalogue.find(path) == catalogue.find(str(path)) == path


def test_shipped_name_wins_over_a_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = catalogue.names()[0]
    (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    assert catalogue.find(name).parent == catalogue.apis_folder()
    assert catalogue.find(f"./{name}") == Path(name)


@pytest.mark.parametrize("name", ["", "nowhere", "nowhere.yaml", "a/b.yaml", "a\0b", "x" * 5000, "../x"])
def test_unknown_name_or_path_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(SpecError, match="no such"):
        catalogue.find(name)


def test_fixtures_are_found_in_the_repository() -> None:
    assert catalogue.fixtures_root().is_dir()


def test_installed_layout_has_everything(tmp_path: Path) -> None:
    # As the wheel has it: the fixtures inside of the package, and another package called fixtures beside it.
    shutil.copytree(Path(catalogue.__file__).parent, tmp_path / "specs", ignore=shutil.ignore_patterns("__pycache__", "_fixtures"))
    shutil.copytree(catalogue.fixtures_root(), tmp_path / "specs" / "_fixtures")
    (tmp_path / "fixtures").mkdir()
    code = "import specs; print(specs.__file__, [len(specs.load(name).clauses) for name in specs.names()])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == str(tmp_path / "specs" / "__init__.py")
