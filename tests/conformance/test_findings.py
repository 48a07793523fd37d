from __future__ import annotations

from conformance.steps.findings import Findings
from conformance.verdict import Inconclusive, Passed


def test_something_seen_is_a_pass() -> None:
    findings = Findings()
    findings.saw("one", "tolerated")
    findings.lack("another")
    assert findings.verdict("{n} seen", "nothing") == Passed("1 seen", ("tolerated", "not examined: another"))


def test_nothing_seen_is_inconclusive() -> None:
    findings = Findings()
    findings.lack("a record")
    found = findings.verdict("{n} seen", "nothing")
    assert isinstance(found, Inconclusive)
    assert found.needs == "a record"


def test_remarks_stand_once() -> None:
    findings = Findings()
    findings.remark("same")
    findings.remark("same")
    findings.remark("")
    assert findings.remarks == ["same"]
