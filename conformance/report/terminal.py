"""The report for people: a live line while an examination works, and what it found at the end.

Nothing that a target sent reaches the terminal as it stands: control characters are written out.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from conformance.evidence import printable
from conformance.report.document import STATES, document
from conformance.running.examination import Examination
from conformance.verdict import Failed, Verdict
from specs.model import Clause, Spec
from specs.sources import spelled_lines

__all__ = ["Progress", "render", "show"]

_STYLES = {"passed": "green", "failed": "bold red", "inconclusive": "yellow", "skipped": "dim", "errored": "magenta", "not yet examined": "dim"}
_MARKS = {"passed": "✓", "failed": "✗", "inconclusive": "?", "skipped": "-", "errored": "!", "not yet examined": "·"}
_EXCERPT = 200
_LEFTOVERS = 10
_EVERY = 15.0

Line = tuple[str, str]
"""A style and a text."""


def render(examination: Examination) -> str:
    """The report as plain text."""
    target = io.StringIO()
    show(examination, Console(file=target, width=120, force_terminal=False, color_system=None))
    return target.getvalue()


def show(examination: Examination, console: Console) -> None:
    """Prints the report: each clause, each failure in full, what was left behind, and a summary."""
    whole = document(examination)
    for style, text in _lines(whole):
        console.print(Text(printable(text), style=style), soft_wrap=True, highlight=False, markup=False, emoji=False)


def _lines(whole: Mapping[str, Any]) -> Iterator[Line]:
    yield "bold", f"{whole['title']}, as it is at {whole['target']['url']}"
    if whole["outcome"]["state"] == "could_not_examine":
        yield "bold red", f"Could not examine: {whole['outcome']['reason']}"
        yield "", f"What to do: {whole['outcome']['todo']}"
        return
    yield "", ""
    width = max((len(clause["id"]) for clause in whole["clauses"]), default=0)
    for clause in whole["clauses"]:
        if clause["verdict"] != "not yet examined":
            yield _STYLES[clause["verdict"]], _one_line(clause, width)
    for clause in whole["clauses"]:
        if clause["verdict"] == "failed":
            yield from _failure(clause)
        elif clause["verdict"] == "errored" and clause["exchanges"]:
            yield from _error(clause)
    yield from _rest(whole)
    yield from _summary(whole)


def _one_line(clause: Mapping[str, Any], width: int) -> str:
    state = clause["verdict"]
    said = clause["observed"] if state == "failed" else clause["reason"]
    hint = clause.get("needs") or clause.get("add") or ""
    told = f"{said} (add: {hint})" if state == "skipped" and hint else f"{said} (needs: {hint})" if hint else said
    return f"{_MARKS[state]} {state:<12} {clause['id']:<{width}}  {_short(told, 160)}"


def _failure(clause: Mapping[str, Any]) -> Iterator[Line]:
    source = clause["source"]
    yield "", ""
    yield "bold red", f"✗ {clause['id']}" + ("" if clause["level"] == "must" else f" ({clause['level']})")
    yield "", f"  requires   {clause['requires']}"
    yield "", f"  document   {source['document']}, lines {spelled_lines(source['lines'])}"
    yield "", f"  expected   {clause['expected']}"
    yield "", f"  observed   {clause['observed']}"
    for remark in clause["remarks"]:
        yield "dim", f"  remark     {remark}"
    yield from _exchanges(clause["exchanges"], clause["deciding"])


def _error(clause: Mapping[str, Any]) -> Iterator[Line]:
    yield "", ""
    yield "bold magenta", f"! {clause['id']}"
    yield "", f"  reason     {clause['reason']}"
    yield from _exchanges(clause["exchanges"])


def _exchanges(exchanges: list[Mapping[str, Any]], deciding: int | None = None) -> Iterator[Line]:
    """The exchanges up to the deciding one (of many the first and those before it), and how to ask again."""
    core = next((index for index, one in enumerate(exchanges) if one["number"] == deciding), len(exchanges) - 1)
    first, last = exchanges[: max(0, min(2, core - 2))], exchanges[max(0, core - 2) : core + 1]
    for exchange in first:
        yield from _exchange(exchange)
    if core - 2 > len(first):
        yield "dim", f"  … {core - 2 - len(first)} exchanges more in the JSON report"
    for exchange in last:
        yield from _exchange(exchange)
    if exchanges:
        yield "", f"  again      {exchanges[core]['curl']}"


def _exchange(exchange: Mapping[str, Any]) -> Iterator[Line]:
    request, answer = exchange["request"], exchange["response"]
    yield "cyan", f"  #{exchange['number']:<4} {request['method']} {request['url']}" + (f"  (as {request['credential']})" if request["credential"] else "")
    if request["body"]:
        yield "dim", f"        {_short(request['body'], _EXCERPT)}"
    if answer is None:
        yield "", f"        no answer: {exchange.get('failure', '')}"
    else:
        yield "", f"        {answer['status']}, {answer['size']} bytes, {answer['seconds']:.3f} s"
        yield "dim", f"        {_short(answer['body'], _EXCERPT)}"


def _rest(whole: Mapping[str, Any]) -> Iterator[Line]:
    waiting = [clause["id"] for clause in whole["clauses"] if clause["verdict"] == "not yet examined"]
    if waiting:
        yield "", ""
        yield "dim", f"Not yet examined ({len(waiting)}): {', '.join(waiting)}"
    if whole["leftovers"]:
        yield "", ""
        yield "bold yellow", "Left behind:"
        for one in whole["leftovers"][:_LEFTOVERS]:
            yield "yellow", f"  {one['resource']} {one['key']}: {one['reason']}" if one["resource"] else f"  {one['reason']}"
        if len(whole["leftovers"]) > _LEFTOVERS:
            yield "yellow", f"  … {len(whole['leftovers']) - _LEFTOVERS} more in the JSON report"
    if whole["notes"]:
        yield "", ""
        for note in whole["notes"]:
            yield "dim", f"Note: {note}"


def _summary(whole: Mapping[str, Any]) -> Iterator[Line]:
    summary = whole["summary"]
    counts = ", ".join(f"{summary[state.replace(' ', '_')]} {state}" for state in STATES if summary[state.replace(" ", "_")])
    yield "", ""
    said = {0: "Conformant", 1: "Not conformant", 2: "Nothing was examined", 130: "Interrupted"}[whole["exit_code"]]
    style = "bold green" if whole["exit_code"] == 0 else "bold red"
    clauses, requests = _plural(summary["clauses"], "clause"), _plural(summary["requests"], "request")
    yield style, f"{said}: {clauses}{': ' if counts else ''}{counts}. {requests} in {summary['seconds']:.1f} s."


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


class Progress:
    """The live line: what is examined, how far it is and what was found; on anything but a terminal, a line now and then."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.total = self.done = self.requests = 0
        self.failed = 0
        self.what = ""
        self._status: Status | None = None
        self._last = time.monotonic()

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self._status = Status("", console=self.console)
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def begun(self, spec: Spec, total: int) -> None:
        """Notes how much there is to do."""
        self.total, self.what = total, spec.title
        self._show()

    def turned_to(self, what: str, requests: int) -> None:
        """Shows what is examined now."""
        self.what, self.requests = what, requests
        self._show()

    def examined(self, clause: Clause, verdict: Verdict) -> None:
        """Counts a clause that is done."""
        self.done += 1
        self.failed += isinstance(verdict, Failed)
        if self._status is not None and isinstance(verdict, Failed):
            self.console.print(Text(f"✗ {clause.id}", style=_STYLES["failed"]))
        self._show()

    def sent(self, requests: int) -> None:
        """Counts a request."""
        self.requests = requests
        self._show()

    def _show(self) -> None:
        text = f"{self.done} of {self.total} clauses, {self.requests} requests, {self.failed} failed: {self.what}"
        if self._status is not None:
            self._status.update(Text(printable(text)))
        elif time.monotonic() - self._last > _EVERY:
            self._last = time.monotonic()
            self.console.print(Text(printable(text)), soft_wrap=True)
