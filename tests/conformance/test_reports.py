from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from rich.console import Console

from conformance import REPORTS, Examination, Failed, Options, bind, examine
from conformance.check import Flow
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.report.document import document
from conformance.report.json_report import schema
from conformance.report.terminal import Progress, show
from specs.model import Clause
from specs.sources import spelled_lines
from tests.conformance.notes_target import CHECKS, Notes, notes_spec, notes_target, only

SPEC = notes_spec()
HOSTILE = "\x1b]0;owned\x07 \x00 \ufffe <b>]]> $(rm) secret-full-key"


class Hostile(Notes):
    """Overlaps its pages and answers with what a terminal or a parser might obey."""

    def send(self, request: Request) -> Response:
        response = super().send(request)
        return replace(response, headers=(*response.headers, ("x-echo", HOSTILE)))


def spiteful(exam: Exam, _clause: Clause) -> Flow:
    yield exam.ask.operation(exam.spec.operations["listNotes"])
    return Failed(f"nothing like {HOSTILE}", HOSTILE)


def examined(notes: Notes, **how: Any) -> Examination:
    target = notes_target()
    settings = {"options": Options(generated=0), "checks": CHECKS, "clock": notes.ticking.clock, **how}
    return examine(bind(SPEC, target), target, notes, **settings)


CASES = {
    "clean": lambda: examined(Notes(limit=60)),
    "failing": lambda: examined(Notes(wrong="overlap")),
    "hostile": lambda: examined(Hostile(), checks={**CHECKS, **only(spiteful)}),
    "unreachable": lambda: examined(Notes(wrong="silent")),
    "left behind": lambda: examined(Notes(wrong="undeletable")),
}


@pytest.fixture(scope="module", params=CASES)
def examination(request: pytest.FixtureRequest) -> Examination:
    return CASES[request.param]()


def test_json_report_keeps_its_schema(examination: Examination) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft202012Validator(schema()).validate(json.loads(REPORTS["json"](examination)))


def test_json_schema_refuses_a_verdict_without_its_reason() -> None:
    report = json.loads(REPORTS["json"](CASES["clean"]()))
    del report["clauses"][0]["reason"]
    assert not jsonschema.Draft202012Validator(schema()).is_valid(report)


def test_junit_report_counts_what_it_holds(examination: Examination) -> None:
    root = ElementTree.fromstring(REPORTS["junit"](examination))
    assert root.tag == "testsuites"
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(len(suite.findall(f"testcase/{tag}")))
        for case in cases:
            assert case.get("classname")
            assert case.get("name")
            assert float(case.get("time", "-1")) >= 0
            assert len(case) <= 1
            assert all(child.get("message") for child in case if child.tag != "system-out")
    for attribute in ("tests", "failures", "errors", "skipped"):
        assert root.get(attribute) == str(sum(int(suite.get(attribute, "0")) for suite in root))


def test_junit_report_of_a_run_that_examined_nothing_has_an_error() -> None:
    root = ElementTree.fromstring(REPORTS["junit"](CASES["unreachable"]()))
    assert root.find("testsuite/testcase/error").get("message") == "nobody is there"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_holds_a_secret_or_a_control_character(name: str) -> None:
    text = REPORTS[name](CASES["hostile"]())
    assert "secret-full-key" not in text
    assert "$PROCTOR_FULL_KEY" in text
    assert not any(ord(char) < 0x20 and char not in "\n" for char in text)


def test_terminal_report_shows_a_failure_in_full() -> None:
    text = REPORTS["terminal"](CASES["failing"]())
    for part in ("✗ notes/page/walk", "requires   Walking the pages", "document   notes, lines 10", "expected   each note once", "observed   one came twice"):
        assert part in text
    assert "http://notes.test/api/notes?page=2  (as full)" in text
    assert "again      curl -sS -i 'http://notes.test/api/notes?page=4'" in text
    assert "Not conformant: 8 clauses" in text


def test_terminal_report_says_what_is_not_yet_examined() -> None:
    assert "Not yet examined (1): notes/error/unknown" in REPORTS["terminal"](CASES["clean"]())


def test_terminal_report_says_what_to_do_without_a_target() -> None:
    text = REPORTS["terminal"](CASES["unreachable"]())
    assert "Could not examine: nobody is there" in text
    assert "What to do: see that the target runs" in text


def test_terminal_report_lists_what_was_left_behind() -> None:
    assert "notes 26: answered with 409" in REPORTS["terminal"](CASES["left behind"]())


def test_escape_sequences_of_a_target_never_reach_the_terminal() -> None:
    target = io.StringIO()
    show(CASES["hostile"](), Console(file=target, force_terminal=True, width=80, color_system="standard"))
    assert "\x1b]" not in target.getvalue()
    assert "\x07" not in target.getvalue()


def test_markup_of_a_target_is_not_obeyed() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        yield exam.ask.operation(exam.spec.operations["listNotes"])
        return Failed("[bold]plain[/bold]", "[link=http://evil.test]here[/link]")

    text = REPORTS["terminal"](examined(Notes(), checks=only(flow)))
    assert "[bold]plain[/bold]" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_live_line_follows_an_examination(terminal: bool) -> None:
    target = io.StringIO()
    with Progress(Console(file=target, force_terminal=terminal, width=80)) as progress:
        examined(Notes(wrong="overlap", limit=60), listener=progress)
    assert (progress.done, progress.failed) == (6, 1)
    assert bool(target.getvalue()) is terminal


def test_summary_counts_every_clause() -> None:
    summary = document(CASES["failing"]())["summary"]
    states = ("passed", "failed", "inconclusive", "skipped", "errored", "not_yet_examined")
    assert sum(summary[state] for state in states) == summary["clauses"] == len(SPEC.clauses)


def test_lines_are_spelled_as_ranges() -> None:
    assert spelled_lines((16, 60, 61, 62, 5)) == "5, 16, 60-62"
