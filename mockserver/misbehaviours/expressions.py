"""How filters that are expressions break their word: badly read, badly joined, badly decoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from mockserver.breaking import crashing, refused, server_error
from mockserver.misbehaviours.matching import all_pass, matching, none_passes, one_missing, one_too_many, others_pass
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.reading import decode
from mockserver.store import Test
from specs.model import Clause, Spec

__all__ = ["EXPRESSIONS"]

READ = Stage.VALIDATION


def _where(call: Call, site: Site) -> str:
    return call.query.get(site.parameters.parameter, "")


def _compares(call: Call, site: Site) -> bool:
    return bool(_where(call, site)) and not _resembles(call, site)


def _resembles(call: Call, site: Site) -> bool:
    """Whether the operator of similarity stands in the expression, as the API spells it."""
    spelled = [spelled for spelled, operator in site.parameters.operators.items() if operator == "similar"]
    return any(f" {operator} " in _where(call, site) or (not operator.isalnum() and operator in _where(call, site)) for operator in spelled)


def _first_records_only(tests: list[Test]) -> list[Test]:
    """The tests, but no record passes after the first two."""
    left = [None] * 2

    def test(record: Mapping[str, Any]) -> bool:
        if not left:
            return False
        left.pop()
        return all(test(record) for test in tests)

    return [test]


_JOINTS = re.compile(r'"(?:[^"\\]|\\.)*"|&&|\|\||\b(?:and|or)\b', re.IGNORECASE | re.DOTALL)


def _rewriting(change: Callable[[str], str]) -> Wrap:
    """The wrap that reads another expression than the one that was sent."""

    def wrap(step: Step, site: Site) -> Step:
        def narrow(call: Call) -> Answer:
            sent = call.query
            if _where(call, site):
                call.query = {**sent, site.parameters.parameter: change(_where(call, site))}
            answer = step(call)
            call.query = sent
            return answer

        return narrow

    return wrap


def _joined_by_or(text: str) -> str:
    return _JOINTS.sub(lambda found: "||" if found[0].lower() in ("&&", "and") else found[0], text)


def _joined_by_and(text: str) -> str:
    return _JOINTS.sub(lambda found: "&&" if found[0].lower() in ("||", "or") else found[0], text)


def _not_equal_turned(step: Step, site: Site) -> Step:
    """Reads each not equal as equal."""
    spelled = {operator: spelled for spelled, operator in site.parameters.operators.items()}
    if "eq" not in spelled or "not_eq" not in spelled:
        return step
    sign = re.compile(rf'"(?:[^"\\]|\\.)*"|{re.escape(spelled["not_eq"])}', re.DOTALL)
    return _rewriting(lambda text: sign.sub(lambda found: found[0] if found[0].startswith('"') else spelled["eq"], text))(step, site)


def _tells_unequal(spec: Spec, clause: Clause) -> bool:
    return {"eq", "not_eq"} <= set(spec.convention(clause).parameters.operators.values())


def _first_comparison(text: str) -> str:
    for found in _JOINTS.finditer(text):
        if not found[0].startswith('"'):
            first = text[: found.start()].strip()
            return first.replace("(", "") if first.count("(") > first.count(")") else first
    return text


_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|[()]', re.DOTALL)


def _without_parentheses(text: str) -> str:
    return _BARE.sub(lambda found: found[0] if found[0].startswith('"') else "", text)


def _is_ordered(call: Call, site: Site) -> bool:
    sorting = site.api.parameters("sorting", site.served)
    return _compares(call, site) and sorting is not None and sorting.parameter in call.query


def _unordered(step: Step, site: Site) -> Step:
    """Leaves out the order of a list that is narrowed."""
    parameter = site.api.parameters("filtering", site.served).parameter
    return lambda call: None if call.query.get(parameter) else step(call)


def _sorts(spec: Spec, clause: Clause) -> bool:
    return any(spec.group_for("sorting", spec.operations[name]) is not None for name in clause.operations)


def _rereading(read: Callable[[str], str | None]) -> Wrap:
    """The wrap that decodes the expression in its own way."""

    def wrap(step: Step, site: Site) -> Step:
        def narrow(call: Call) -> Answer:
            sent = call.query
            raw = next((value for name, value in _raw(call) if decode(name, plus=True) == site.parameters.parameter), None)
            text = None if raw is None else read(raw)
            if text is not None:
                call.query = {**sent, site.parameters.parameter: text}
            answer = step(call)
            call.query = sent
            return answer

        return narrow

    return wrap


def _raw(call: Call) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in reversed(call.request.query.split("&"))]
    return [(name, value) for name, _, value in parts]


def _plus_kept(raw: str) -> str | None:
    return decode(raw)


def _percent_kept(raw: str) -> str | None:
    return raw.replace("+", " ")


def _latin(raw: str) -> str | None:
    return unquote_plus(raw, encoding="latin-1")


def _cut_at_ampersand(raw: str) -> str | None:
    return unquote_plus(raw).partition("&")[0]


def _escaped_quote(call: Call, site: Site) -> bool:
    return '\\"' in _where(call, site)


def _open_quote(call: Call, site: Site) -> bool:
    return _where(call, site).count('"') % 2 == 1


def _not_understood(step: Step, site: Site) -> Step:
    """Refuses the operator of similarity."""
    name = site.parameters.parameter
    return lambda call: Refusal("invalid_query", {"name": name, "param": name}) if _resembles(call, site) else step(call)


_UNREADABLE = ("invalid_query", "unsupported_filter", "unsupported_filter_value")

EXPRESSIONS = {
    "expression_is_sound_and_complete": {
        "ignored": Fault("The expression is ignored.", READ, matching(all_pass, _compares)),
        "one_too_many": Fault("One record that does not satisfy the expression comes along.", READ, matching(one_too_many, _compares)),
        "one_missing": Fault("One record that satisfies the expression is missing.", READ, matching(one_missing, _compares)),
        "negated": Fault("The records that do not satisfy the expression come.", READ, matching(others_pass, _compares)),
        "first_records_only": Fault("Only the first two records are looked at.", READ, matching(_first_records_only, _compares)),
        "and_is_or": Fault("Comparisons joined by and are joined by or.", READ, _rewriting(_joined_by_or)),
        "or_is_and": Fault("Comparisons joined by or are joined by and.", READ, _rewriting(_joined_by_and)),
        "not_equal_turned": Fault("Not equal is taken for equal.", READ, _not_equal_turned, fits=_tells_unequal),
        "first_comparison_only": Fault("Only the first comparison is read.", READ, _rewriting(_first_comparison)),
        "parentheses_ignored": Fault("Parentheses are passed over.", READ, _rewriting(_without_parentheses)),
        "ignored_beside_an_order": Fault("The expression is ignored where an order is asked for, too.", READ, matching(all_pass, _is_ordered), fits=_sorts),
        "unordered": Fault("The order is ignored beside an expression.", READ, _unordered, kind="sorting", fits=_sorts),
    },
    "similar_matches_the_text": {
        "nothing": Fault("Nothing is similar to anything.", READ, matching(none_passes, _resembles)),
        "ignored": Fault("Everything is similar to everything.", READ, matching(all_pass, _resembles)),
        "negated": Fault("The records that are not similar come.", READ, matching(others_pass, _resembles)),
        "not_understood": Fault("The operator is refused.", READ, _not_understood),
    },
    "encoding_is_undone": {
        "plus_kept": Fault("A plus is not taken for a space.", READ, _rereading(_plus_kept)),
        "percent_kept": Fault("Percent-encoding is left as it is.", READ, _rereading(_percent_kept)),
        "cut_at_ampersand": Fault("An encoded ampersand ends the expression.", READ, _rereading(_cut_at_ampersand)),
        "latin": Fault("Encoded letters are taken for Latin-1 instead of UTF-8.", READ, _rereading(_latin)),
    },
    "invalid_expression_is_not_ignored": {
        "server_error": Fault("An expression that does not parse makes the server fail.", Stage.RENDERING, refused(server_error, *_UNREADABLE)),
        "escaped_quote_fails": Fault("A quote within a text makes the server fail.", READ, crashing(_escaped_quote)),
        "open_quote_fails": Fault("A quote that is not closed makes the server fail.", READ, crashing(_open_quote)),
    },
}
