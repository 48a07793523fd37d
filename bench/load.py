"""Load by wrk, and what it told."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Load", "LoadError", "press", "read"]

CONNECTIONS = 32

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


class LoadError(RuntimeError):
    """A load that tells nothing: not all requests were answered, or not with success."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one load gave: requests a second, how many requests, and the 99th percentile of the latency in milliseconds."""

    rate: float
    requests: int
    p99: float


def press(url: str, headers: Mapping[str, str], seconds: int, core: int) -> Load:
    """The outcome of that many seconds of load on a URL, from one core, over 32 kept connections; raises `LoadError`."""
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *fields, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode:
        raise LoadError(f"wrk failed on {url}: {done.stderr.strip() or done.stdout.strip()}")
    return read(done.stdout)


def read(told: str) -> Load:
    """What wrk's report says; raises `LoadError` where a request failed."""
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in told:
            raise LoadError(next(line.strip() for line in told.splitlines() if trouble in line))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    requests = re.search(r"(\d+) requests in", told)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", told)
    if rate is None or requests is None or p99 is None or requests[1] == "0":
        raise LoadError(f"wrk told nothing that could be read:\n{told}")
    return Load(float(rate[1]), int(requests[1]), float(p99[1]) * _UNITS[p99[2]])
