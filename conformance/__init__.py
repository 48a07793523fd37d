"""The examination: holds an implementation against a spec, over HTTP or in process, and says clause by clause where it breaks its word.

The way through: a `Target` (`target_file.load` or `from_arguments`), `bind` a spec to it, `examine` with a `Transport`, then a
report of `REPORTS` and `exit_code`.
"""

from __future__ import annotations

from conformance.binding import bind
from conformance.problems import TargetError, TargetProblem
from conformance.report import REPORTS
from conformance.running.examination import (
    Completed,
    CouldNotExamine,
    Examination,
    Interrupted,
    Leftover,
    Listener,
    Options,
    Result,
    Silent,
    exit_code,
    state_of,
)
from conformance.running.pacing import Clock
from conformance.running.runner import Checks, examine
from conformance.running.selection import select
from conformance.running.transport import Transport, UrlTransport
from conformance.starter import starter
from conformance.target import OperationBinding, Permit, ResourceBinding, Target
from conformance.target_file import find, from_arguments, load
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped, Verdict

__all__ = [
    "REPORTS",
    "Checks",
    "Clock",
    "Completed",
    "CouldNotExamine",
    "Errored",
    "Examination",
    "Failed",
    "Inconclusive",
    "Interrupted",
    "Leftover",
    "Listener",
    "OperationBinding",
    "Options",
    "Passed",
    "Permit",
    "ResourceBinding",
    "Result",
    "Silent",
    "Skipped",
    "Target",
    "TargetError",
    "TargetProblem",
    "Transport",
    "UrlTransport",
    "Verdict",
    "bind",
    "examine",
    "exit_code",
    "find",
    "from_arguments",
    "load",
    "select",
    "starter",
    "state_of",
]
