"""An examination as plain data without secrets: what every report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from conformance.evidence import Secrets, deciding, showing, told
from conformance.running.examination import Completed, CouldNotExamine, Examination, Interrupted, Outcome, Result, exit_code, state_of
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped, Verdict

__all__ = ["FORMAT", "STATES", "document"]

FORMAT = 1
"""The number of the report's format; it grows with every change that a reader must know of."""

STATES = ("passed", "failed", "inconclusive", "skipped", "errored", "not yet examined")


def document(examination: Examination) -> dict[str, Any]:
    """The examination as JSON-able data; no text in it holds a secret."""
    secrets = Secrets.of(examination.spec, examination.target)
    whole = {
        "format": FORMAT,
        "proctor": _version(),
        "api": examination.spec.api,
        "title": examination.spec.title,
        "target": {"url": examination.target.url, "base_path": examination.target.base_path},
        "outcome": _outcome(examination.outcome),
        "exit_code": exit_code(examination),
        "strict": examination.options.strict,
        "seed": examination.options.seed,
        "summary": {
            "clauses": len(examination.results),
            **{state.replace(" ", "_"): examination.counts[state] for state in STATES},
            "requests": examination.requests,
            "seconds": round(examination.seconds, 3),
        },
        "clauses": [_clause(result, secrets) for result in examination.results],
        "leftovers": [{"resource": one.resource, "key": one.key, "reason": one.reason} for one in examination.leftovers],
        "notes": list(examination.notes),
    }
    cleaned: dict[str, Any] = _redacted(whole, secrets)
    return cleaned


def _version() -> str:
    try:
        return metadata.version("proctor")
    except metadata.PackageNotFoundError:
        return "unknown"


def _outcome(outcome: Outcome) -> dict[str, str]:
    match outcome:
        case Completed():
            return {"state": "completed"}
        case Interrupted():
            return {"state": "interrupted"}
        case CouldNotExamine(reason, todo):
            return {"state": "could_not_examine", "reason": reason, "todo": todo}


def _clause(result: Result, secrets: Secrets) -> dict[str, Any]:
    clause = result.clause
    return {
        "id": clause.id,
        "group": clause.group,
        "rule": f"{clause.kind}.{clause.rule}",
        "level": clause.level,
        "requires": clause.requires,
        "operations": list(clause.operations),
        "source": {"document": clause.source.document, "lines": list(clause.source.lines), "sha256": clause.source.sha256},
        "verdict": state_of(result),
        **_verdict(result.verdict, secrets),
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
    }


def _verdict(verdict: Verdict, secrets: Secrets) -> dict[str, Any]:
    match verdict:
        case Passed(reason, remarks):
            return {"reason": reason, "remarks": list(remarks)}
        case Failed(expected, observed, _, operation, remarks):
            shown, core = [told(exchange, secrets) for exchange in showing(verdict)], deciding(verdict)
            number = core.number if core else None
            return {"expected": expected, "observed": observed, "operation": operation, "remarks": list(remarks), "exchanges": shown, "deciding": number}
        case Inconclusive(reason, needs, remarks):
            return {"reason": reason, "needs": needs, "remarks": list(remarks)}
        case Skipped(reason, add):
            return {"reason": reason, "add": add}
        case Errored(reason, exchanges):
            return {"reason": reason, "exchanges": [told(exchange, secrets) for exchange in exchanges]}


def _redacted(value: Any, secrets: Secrets) -> Any:
    """Every text without secrets: a check may have quoted one. Names, ids and curl lines hold none or are done already."""
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, Mapping):
        return {name: inner if name == "curl" else _redacted(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, secrets) for inner in value]
    return value
