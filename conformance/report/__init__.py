"""Reports of an examination, by name: each gives the text of a file."""

from __future__ import annotations

from collections.abc import Callable

from conformance.report import json_report, junit, terminal
from conformance.running.examination import Examination

__all__ = ["REPORTS", "Report"]

Report = Callable[[Examination], str]

REPORTS: dict[str, Report] = {
    "json": json_report.render,
    "junit": junit.render,
    "terminal": terminal.render,
}
