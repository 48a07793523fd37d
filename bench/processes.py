"""What the system knows of a process and those that it began: memory and time spent. Linux only."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cpu_seconds", "memory", "tree"]

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of a core that a process and its descendants have taken, in their own code and in the system's."""
    return sum(_times(one) for one in tree(pid)) / _TICKS


def _times(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def memory(pid: int) -> float:
    """Resident memory of a process and its descendants, in MiB."""
    return sum(_resident(one) for one in tree(pid)) / 1024


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
