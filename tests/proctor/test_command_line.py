"""The commands: what they print, what they end with, and how they say no."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import specs
from mockserver import Live, live
from mockserver.store import Table
from proctor.__main__ import COMMANDS, main

KEY = next(principal.credential["key"] for principal in specs.load("timedash").seed.principals if principal.name == "full")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.fixture(scope="module")
def stub() -> Iterator[Live]:
    with live(specs.load("timedash"), rate_limit=0) as server:
        yield server


@pytest.fixture(scope="module")
def broken() -> Iterator[Live]:
    with live(specs.load("timedash"), rate_limit=0, faults=["timedash/page/walk"]) as server:
        yield server


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name: str) -> None:
    assert run(name, "--help").exit_code == 0


def test_help_imports_neither_floor() -> None:
    floors = "{'conformance', 'mockserver', 'specs'}"
    code = f"import sys; from proctor.__main__ import main; main(['--help'], standalone_mode=False); print({floors} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("set()")


def test_slip_of_the_pen_is_answered_with_the_nearest_command() -> None:
    result = run("sreve")
    assert result.exit_code == 2
    assert "did you mean 'serve'?" in result.output


def test_all_clauses_are_listed_as_examined_and_breakable() -> None:
    clauses = [clause for api in json.loads(run("list", "--json").output) for clause in api["clauses"]]
    assert len(clauses) == 153
    assert [clause["id"] for clause in clauses if not (clause["examined"] and clause["faults"])] == []


def test_clause_is_explained() -> None:
    told = run("explain", "timedash/page/walk").output
    assert "timedash, lines 16, 66" in told
    assert "--fault timedash/page/walk:overlap" in told


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_what_a_terminal_cannot_show_does_not_end_it(encoding: str) -> None:
    command = [sys.executable, "-m", "proctor", "explain", "timedash/page/walk"]
    ran = subprocess.run(command, capture_output=True, timeout=30, check=False, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"timedash/page/walk" in ran.stdout


def test_clause_of_a_file_is_explained() -> None:
    file = str(Path(__file__).parents[1] / "specs" / "data" / "library.yaml")
    assert "--fault library/page/walk:overlap" in run("explain", "library/page/walk", file).output


def test_report_that_cannot_be_written_is_told_before_the_examination() -> None:
    assert "clauses" not in run("demo", "paydirt", "--reports", "/dev/null").output


def test_try_at_a_report_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    run("check", "timedash", "--url", "nowhere", "--report", f"json={path}")
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain", "timedash/page/wlak"], "near it: timedash/page/walk"),
        (["explain", "nobody/page/walk"], "no shipped spec is called 'nobody'"),
        (["lint", "nowhere.yaml"], "nowhere.yaml"),
        (["serve", "timedsh"], "timedash"),
        (["serve", "timedash", "--port", "0", "--fault", "timedash/page/walk:sideways"], "can't be broken by 'sideways'; there is overlap"),
        (["check", "timedash"], "nothing says what to examine"),
        (["check", "timedash", "--url", "ftp://nowhere"], "no URL that can be asked"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--credential", "full=x"], "expected ROLE.FIELD=VALUE"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--credential", "full.key=${PROCTOR_NOT_SET}"], "PROCTOR_NOT_SET is not set"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--only", "paeg"], "means no clause"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--report", "yaml=x"], "expected FORMAT=PATH"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--credential", "full.key=x"], "Could not examine"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--credential", "full.key=x", "--report", "json=/dev/null/r.json"], "give --report another path"),
        (["demo", "paydirt", "--reports", "/dev/null"], "give --reports another path"),
        (["init", "timedash", "-o", "."], "is a directory"),
        (["init", "timedash", "-o", ".", "--force"], "is a directory"),
        (["explain", "notes/page/walk"], "or name its file"),
        (["explain", "notes/page/walk", "notes.yaml"], "notes.yaml"),
        (["mutate", "timedash", "--only", "paeg"], "means no clause"),
        (["check", "--target", "."], ".: is a directory; expected a TOML file in UTF-8"),
        (["check", "timedash", "--url", "http://127.0.0.1:9", "--timeout", "nan"], "no time that can be waited"),
        (["demo", "timedash", "timedash"], "timedash: is named twice"),
        (["list", "notes"], "Error: notes: no such API or file"),
        (["sources", "no-such-folder"], "no such directory"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_mistake_is_told_in_words(arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert told in result.output
    assert result.exit_code == (1 if arguments[0] == "lint" else 2)
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_spec_without_clauses_has_nothing_to_prove(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text('openapi: 3.1.0\ninfo: {title: Notes, version: "1"}\npaths: {}\n', encoding="utf-8")
    result = run("mutate", str(path))
    assert result.exit_code == 2
    assert f"{path}: has no clauses, so that there is nothing to prove" in result.output


@pytest.mark.parametrize("api", specs.names())
def test_target_file_to_begin_with_is_written_once(api: str, tmp_path: Path) -> None:
    path = tmp_path / "proctor.toml"
    assert run("init", api, "-o", str(path)).exit_code == 0
    assert tomllib.loads(path.read_text(encoding="utf-8"))["api"] == api
    assert run("init", api, "-o", str(path)).exit_code == 2


def test_conformant_target_ends_with_0(stub: Live) -> None:
    result = run("check", "timedash", "--url", stub.of("timedash"), "--credential", "full.key=${KEY}", "--unpaced", "--only", "page", KEY=KEY)
    assert result.exit_code == 0, result.output
    assert "Conformant: 5 clauses: 5 passed" in result.output


def test_failure_is_told_with_lines_and_a_curl_line(broken: Live, tmp_path: Path) -> None:
    reports = ["--report", f"json={tmp_path / 'r' / 'r.json'}", "--report", f"junit={tmp_path / 'r.xml'}"]
    url = broken.of("timedash")
    result = run("check", "timedash", "--url", url, "--credential", "full.key=${KEY}", "--unpaced", "--only", "page/walk", *reports, KEY=KEY)
    assert result.exit_code == 1
    assert "document   timedash, lines 16, 66" in result.output
    assert '-u "$PROCTOR_FULL_KEY"' in result.output
    written = (tmp_path / "r" / "r.json").read_text(encoding="utf-8"), (tmp_path / "r.xml").read_text(encoding="utf-8")
    assert json.loads(written[0])["clauses"][0]["verdict"] == "failed"
    assert not any(KEY in text for text in (result.output, *written))


def test_read_only_run_writes_nothing(stub: Live) -> None:
    engine, api = stub.engine, stub.engine.apis["timedash"]
    tables = [Table("", api.name, name) for name in api.spec.resources]
    before = [(engine.store.next_number(table), engine.store.count(table)) for table in tables]
    result = run("check", "timedash", "--url", stub.of("timedash"), "--credential", f"full.key={KEY}", "--unpaced", "--read-only", "--only", "delete")
    assert "skipped" in result.output
    assert "run without --read-only" in result.output
    assert [(engine.store.next_number(table) - 1, engine.store.count(table)) for table in tables] == before


def test_server_prints_its_port_and_ends_at_ctrl_c() -> None:
    command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[2]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/assignments")
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        assert server.stderr is not None
        assert server.stderr.read() == ""
