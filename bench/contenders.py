"""Who is measured: how each is started, and what it is asked for."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.installing import Tools
from bench.listing import ROOT, Listing

__all__ = ["Contender", "StartError", "all_specs", "contenders", "started"]

PORT = "{port}"
"""Stands in a command, and in a file of settings, for the port to listen on."""

_PATIENCE = 120.0
"""Seconds that a server may take to start."""

_UNLIMITED = "1000000000"
"""The rate limit: requests are counted, but none is refused."""

_NGINX = """\
daemon off;
master_process off;
pid FOLDER/pid;
error_log FOLDER/errors;
events { worker_connections 512; }
http {
    access_log off;
    keepalive_requests 1000000000;
    open_file_cache max=10;
    default_type application/json;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    server {
        listen 127.0.0.1:{port};
        root ROOT;
        location / { try_files /FILE =404; }
    }
}
"""


class StartError(RuntimeError):
    """A server that did not answer as it must."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server: its name in the table, its command, what it is asked for, and the bytes that it must answer with, if they are known.

    `settings` is a file that is written before it starts, with the port in its place.
    """

    name: str
    command: tuple[str, ...]
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Path, str] | None = None


def contenders(listing: Listing, tools: Tools, folder: Path) -> dict[str, Contender]:
    """All that is measured, by a short name."""
    asked = {"authorization": listing.authorization}
    body, path = listing.body.read_bytes(), listing.base + listing.path
    replay = _proctor(str(listing.spec), "--replay")
    return {
        "nginx": _nginx(listing, folder / "nginx"),
        "bare": Contender("bare RSGI application", _bare(), path, asked, body, {"BENCH_BODY": str(listing.body)}),
        "replay": Contender("**Proctor**, replay", replay, path, asked, body),
        "wiremock": Contender("WireMock, tuned", _wiremock(tools, listing, folder), path, asked, body),
        # Prism leaves the base path of a spec's server out.
        "prism": Contender("Prism, as shipped", _prism(tools, listing.spec), listing.path, asked, body),
        "thousand": _page(1_000),
        "million": _page(1_000_000),
    }


def all_specs() -> Contender:
    """The stub with all five specs, for the time that it takes to start; any answer will do."""
    return Contender("all five specs", _proctor(), "/timedash/contacts", _timedash())


def _proctor(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "proctor", "serve", *arguments, "--port", PORT)


def _nginx(listing: Listing, folder: Path) -> Contender:
    """A web server in C that gives everyone the bytes of a file which it holds open: what of one core HTTP itself takes."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "nginx.conf"
    text = _NGINX.replace("FOLDER", str(folder)).replace("ROOT", str(listing.body.parent)).replace("FILE", listing.body.name)
    command = ("nginx", "-c", str(settings))
    return Contender("nginx, the bytes as a file", command, listing.base + listing.path, {}, listing.body.read_bytes(), settings=(settings, text))


def _bare() -> tuple[str, ...]:
    return (sys.executable, "-m", "granian", "--interface", "rsgi", "--workers", "1", "--no-ws", "--no-log", "--port", PORT, "bench.bare:app")


def _prism(tools: Tools, spec: Path) -> tuple[str, ...]:
    return (tools.node, str(tools.prism), "mock", "--port", PORT, str(spec))


def _wiremock(tools: Tools, listing: Listing, folder: Path) -> tuple[str, ...]:
    mappings = folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    mapping = {
        "request": {"method": "GET", "urlPath": listing.base + listing.path, "headers": {"Authorization": {"equalTo": listing.authorization}}},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": listing.body.read_text("utf-8")},
    }
    (mappings / "list.json").write_text(json.dumps(mapping), encoding="utf-8")
    tuned = ("--no-request-journal", "--disable-request-logging", "--disable-banner")
    return ("java", "-jar", str(tools.wiremock), "--port", PORT, "--bind-address", "127.0.0.1", "--root-dir", str(mappings.parent), *tuned)


def _page(records: int) -> Contender:
    """A page of 20 from the middle of a list: behind a key, the request counted, the records kept."""
    command = _proctor("timedash", "--records", f"timedash/contacts={records}", "--rate-limit", _UNLIMITED)
    return Contender(f"**Proctor**, page of 20 out of {records:,}", command, f"/contacts?size=20&page={records // 40}", _timedash())


def _timedash() -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(b"sk_full_12345:").decode()}


@dataclass(slots=True)
class Started:
    """A server that runs: its process, its port, and how many seconds it took to its first answer."""

    pid: int
    port: int
    seconds: float
    size: int


@contextmanager
def started(contender: Contender, core: int) -> Iterator[Started]:
    """The contender on one core, for as long as the `with` block lasts; raises `StartError`."""
    port = _free_port()
    command = ["taskset", "-c", str(core), *(str(port) if part == PORT else part for part in contender.command)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **contender.environment}
    if contender.settings is not None:
        file, text = contender.settings
        file.write_text(text.replace(PORT, str(port)), encoding="utf-8")
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        body = _first_answer(contender, process, port)
        yield Started(process.pid, port, time.perf_counter() - begun, len(body))
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_answer(contender: Contender, process: subprocess.Popen[bytes], port: int) -> bytes:
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            status, body = _asked(contender, port)
        except (OSError, HTTPException):
            time.sleep(0.002)
            continue
        if status == 404 and contender.body is not None:  # it listens, but has not read what it is to answer yet
            time.sleep(0.01)
            continue
        if status != 200 or (contender.body is not None and json.loads(body) != json.loads(contender.body)):
            raise StartError(f"{contender.name} answered {status} with {body[:200]!r}")
        return body
    raise StartError(f"{contender.name} did not answer: {' '.join(contender.command)}")


def _asked(contender: Contender, port: int) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", contender.path, headers=dict(contender.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free
