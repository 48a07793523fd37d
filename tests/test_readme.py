"""The README's own spec is whole, and what it shows of it is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from proctor.__main__ import main

pytest_plugins = ["pytester"]

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(language: str, beginning: str) -> str:
    """The README's block of a language that begins so."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    found: str = next(text for text in blocks if text.startswith(beginning))
    return found


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the three files of the README's walk."""
    (tmp_path / "notes.txt").write_text(block("text", "Send your token"), encoding="utf-8")
    (tmp_path / "notes.yaml").write_text(block("yaml", "openapi"), encoding="utf-8")
    (tmp_path / "notes-seed.json").write_text(block("json", "{"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("walk")
@pytest.mark.parametrize("arguments", [["lint", "notes.yaml"], ["sources", ".", "notes.yaml"]], ids=" ".join)
def test_what_the_walk_shows_is_printed(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.output in README


@pytest.mark.usefixtures("walk")
def test_every_fault_of_the_walk_is_killed() -> None:
    result = CliRunner().invoke(main, ["mutate", "notes.yaml"])
    assert result.exit_code == 0, result.output
    assert "4 of 4 clauses examined; clean stub 4 passed, 0 failed; 20 of 20 faults killed" in result.output


def test_the_target_file_shown_loads(tmp_path: Path) -> None:
    from conformance import bind, load
    from specs import load as load_spec

    (tmp_path / "proctor.toml").write_text(block("toml", "api ="), encoding="utf-8")
    target = load(tmp_path / "proctor.toml", environ={"TIMEDASH_KEY": "a", "TIMEDASH_LIMITED": "b"})
    bound = bind(load_spec("timedash"), target)
    assert bound.operations["listAssignments"].path == "/tasks"


def test_the_tests_shown_pass(pytester: pytest.Pytester) -> None:
    shown = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for number, text in enumerate(shown):
        pytester.makepyfile(**{f"test_shown_{number}": text})
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=len(shown))
