"""Installs the clients that others wrote, once, and serves the APIs to them.

They go into a folder of their own under `.tox`, so that nothing of theirs gets into the environment of the tests: postal-py's HTTP library,
for one, takes the place of urllib3. Where they can't be installed the tests are skipped, with the reason, or fail where
PROCTOR_CLIENTS=required says that they must run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import Live, live
from specs import load

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".tox" / "clients-of-others"
SHIPPED = ("paydirt", "timedash", "moonrope", "88miles", "productive")

Run = Callable[..., Any]
"""Runs a client's program against a base URL, and gives what it printed."""


def unavailable(reason: str) -> None:
    """Skips the test, or fails it where the clients have to be there."""
    if os.environ.get("PROCTOR_CLIENTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def installed(name: str, contents: str, *, install: Callable[[Path], list[list[str]]]) -> Path:
    """The folder that holds what `contents` asks for: made by the commands of `install` the first time, by one process at a time."""
    fcntl = pytest.importorskip("fcntl")
    folder = CACHE / f"{name}-{hashlib.sha256(contents.encode()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "whole").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for command in install(folder):
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
            except (OSError, subprocess.TimeoutExpired) as problem:
                unavailable(f"{name} can't be installed: {problem}")
            if done.returncode:
                unavailable(f"{name} can't be installed: {(done.stderr.strip() or 'no reason given').splitlines()[-1][:300]}")
        (folder / "whole").touch()
    return folder


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """A folder with the npm clients in it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        unavailable("node and npm are not here")

    def install(folder: Path) -> list[list[str]]:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        return [["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]]

    return installed("npm", (HERE / "package-lock.json").read_text("utf-8"), install=install)


@pytest.fixture(scope="session")
def python() -> str:
    """A Python that has the PyPI clients: those of the optional dependencies `clients`."""
    wanted: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["clients"]

    def install(folder: Path) -> list[list[str]]:
        packages = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", *wanted]
        return [[sys.executable, "-m", "venv", str(folder)], packages]

    return str(installed("python", f"{sys.version_info[:2]} {wanted}", install=install) / "bin" / "python")


@pytest.fixture(scope="session")
def served() -> Iterator[Live]:
    """The five APIs on a free port."""
    with live(*(load(name) for name in SHIPPED), rate_limit=0) as running:
        yield running


@pytest.fixture(scope="session")
def postal() -> Iterator[Live]:
    """Postal, of which there is nothing but YAML."""
    with live(load(HERE / "postal.yaml")) as running:
        yield running


def credential(running: Live, api: str, name: str = "full") -> dict[str, str]:
    """A seeded caller's credential."""
    return next(dict(one.credential) for one in running.engine.apis[api].principals if one.name == name)


def printed(command: list[str], url: str, credentials: dict[str, str]) -> Any:
    """The JSON that a client's program prints when it is run against a base URL."""
    told = {f"STUB_{name.upper()}": value for name, value in credentials.items()}
    done = subprocess.run(command, env={**os.environ, "STUB_URL": url, **told}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
