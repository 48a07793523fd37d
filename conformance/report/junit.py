"""The report that CI servers read: JUnit's XML, as Surefire writes it and Jenkins takes it.

A group is a test suite, a clause a test case. What is inconclusive or not examined is skipped, with the reason as its message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from conformance.evidence import printable
from conformance.report.document import document
from conformance.running.examination import Examination
from specs.sources import spelled_lines

__all__ = ["render"]

_FAILURES = {"failed"}
_ERRORS = {"errored"}
_SKIPPED = {"inconclusive", "skipped", "not yet examined"}


def render(examination: Examination) -> str:
    """The examination as an XML document."""
    whole = document(examination)
    suites = ElementTree.Element("testsuites", _counted(whole["clauses"], f"proctor {whole['api']}"))
    for group, clauses in groupby(whole["clauses"], key=lambda clause: clause["group"]):
        _suite(suites, whole["api"], group, list(clauses))
    if whole["outcome"]["state"] == "could_not_examine":
        _unready(suites, whole)
    ElementTree.indent(suites)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _suite(suites: ElementTree.Element, api: str, group: str, clauses: Sequence[Mapping[str, Any]]) -> None:
    suite = ElementTree.SubElement(suites, "testsuite", _counted(clauses, f"{api}.{group}"))
    for clause in clauses:
        name = str(clause["id"]).rpartition("/")[2]
        case = ElementTree.SubElement(suite, "testcase", {"classname": f"{api}.{group}", "name": name, "time": f"{clause['seconds']:.3f}"})
        _verdict(case, clause)


def _unready(suites: ElementTree.Element, whole: Mapping[str, Any]) -> None:
    """One error, so that a run that examined nothing is not taken for a good one."""
    name = f"{whole['api']}.target"
    suite = ElementTree.SubElement(suites, "testsuite", {"name": name, "tests": "1", "failures": "0", "errors": "1", "skipped": "0", "time": "0.000"})
    case = ElementTree.SubElement(suite, "testcase", {"classname": name, "name": "can be examined", "time": "0.000"})
    _told(case, "error", whole["outcome"]["reason"], "CouldNotExamine", whole["outcome"]["todo"])
    for attribute in ("tests", "errors"):
        suites.set(attribute, str(int(suites.get(attribute, "0")) + 1))


def _counted(clauses: Sequence[Mapping[str, Any]], name: str) -> dict[str, str]:
    def count(states: set[str]) -> str:
        return str(sum(clause["verdict"] in states for clause in clauses))

    found = {"failures": count(_FAILURES), "errors": count(_ERRORS), "skipped": count(_SKIPPED)}
    return {"name": name, "tests": str(len(clauses)), **found, "time": f"{sum(clause['seconds'] for clause in clauses):.3f}"}


def _verdict(case: ElementTree.Element, clause: Mapping[str, Any]) -> None:
    state = clause["verdict"]
    if state in _FAILURES:
        message = f"expected {clause['expected']}; observed {clause['observed']}"
        _told(case, "failure", message, clause["level"], _failure(clause))
    elif state in _ERRORS:
        _told(case, "error", clause["reason"], "Errored", "\n".join(exchange["curl"] for exchange in clause["exchanges"]))
    elif state in _SKIPPED:
        hint = clause.get("needs") or clause.get("add") or ""
        message = f"{state}: {clause['reason']}" if clause["reason"] != state else state
        ElementTree.SubElement(case, "skipped", {"message": _clean(f"{message} ({hint})" if hint else message)})
    elif clause["remarks"]:
        ElementTree.SubElement(case, "system-out").text = _clean("\n".join(clause["remarks"]))


def _told(case: ElementTree.Element, tag: str, message: str, kind: str, text: str) -> None:
    ElementTree.SubElement(case, tag, {"message": _clean(message), "type": kind}).text = _clean(text)


def _failure(clause: Mapping[str, Any]) -> str:
    source = clause["source"]
    lines = [
        clause["id"],
        f"requires: {clause['requires']}",
        f"document: {source['document']}, lines {spelled_lines(source['lines'])}",
        f"expected: {clause['expected']}",
        f"observed: {clause['observed']}",
        *(f"remark: {remark}" for remark in clause["remarks"]),
    ]
    for exchange in clause["exchanges"]:
        answer = exchange["response"]
        told = f"{answer['status']} {answer['body'][:500]}" if answer else exchange.get("failure", "no answer")
        lines += ["", f"#{exchange['number']} {exchange['curl']}", told]
    return "\n".join(lines)


def _clean(text: str) -> str:
    """Only what XML 1.0 can hold, and nothing that a terminal obeys."""
    return re.sub("[\ufffe\uffff]", "?", printable(text))
