"""The SQL-like language of a `where` parameter: `name ~= "web%" && (active = true || time_limit > 3600)`.

Parsing is iterative (a shunting-yard), the result a flat program in postfix order: neither can be made to recurse, and both are
bounded by the number of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BadExpressionError", "Comparison", "compile_expression", "like"]

_TOKENS_READ = 600
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<and>&&) | (?P<or>\|\|)
    | (?P<op>!=|~=|<=|>=|=|<|>)
    | "(?P<text>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s()&|!~<>="]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_RANK = {"or": 1, "and": 2}


class BadExpressionError(ValueError):
    """An expression that does not parse: what was found, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison as it is written: column, operator, and the value's text; `bare` where it had no quotes."""

    column: str
    operator: str
    text: str
    bare: bool


Test = Callable[[Mapping[str, Any]], bool]
Program = list[Test | str]


def compile_expression(text: str, resolve: Callable[[Comparison], Test]) -> Test:
    """The test that an expression makes; `resolve` gives the test of one comparison. Raises `BadExpressionError`."""
    program = _postfix(_tokens(text), resolve)
    if len(program) == 1 and not isinstance(program[0], str):
        return program[0]

    def test(record: Mapping[str, Any]) -> bool:
        stack: list[bool] = []
        for item in program:
            if isinstance(item, str):
                right, left = stack.pop(), stack.pop()
                stack.append(left and right if item == "and" else left or right)
            else:
                stack.append(item(record))
        return stack[0]

    return test


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """The tokens as kind, text and position."""
    found: list[tuple[str, str, int]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpressionError(f"{text[at : at + 20]!r} at {at}: expected a column, an operator, a value or a parenthesis")
        kind = match.lastgroup or ""
        word = match[kind]
        if kind == "text":
            word = re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)
        elif kind == "word" and word.lower() in _RANK:
            kind = word.lower()
        found.append((kind, word, at))
        at = match.end()
        if len(found) > _TOKENS_READ:
            raise BadExpressionError(f"more than {_TOKENS_READ} tokens")
    return found


def _postfix(tokens: list[tuple[str, str, int]], resolve: Callable[[Comparison], Test]) -> Program:
    program: Program = []
    pending: list[str] = []
    at, wants_operand = 0, True
    while at < len(tokens):
        kind, word, place = tokens[at]
        if wants_operand and kind == "open":
            pending.append("open")
        elif wants_operand and kind in ("word", "text"):
            program.append(resolve(_comparison(tokens, at)))
            at += 2
            wants_operand = False
        elif not wants_operand and kind in _RANK:
            while pending and _RANK.get(pending[-1], 0) >= _RANK[kind]:
                program.append(pending.pop())
            pending.append(kind)
            wants_operand = True
        elif not wants_operand and kind == "close":
            _close(program, pending, place)
        else:
            raise BadExpressionError(f"{word!r} at {place}: expected {'a comparison' if wants_operand else '&& or ||'}")
        at += 1
    if wants_operand:
        raise BadExpressionError("the end: expected a comparison")
    while pending:
        operator = pending.pop()
        if operator == "open":
            raise BadExpressionError("the end: expected a closing parenthesis")
        program.append(operator)
    return program


def _close(program: Program, pending: list[str], place: int) -> None:
    while pending:
        operator = pending.pop()
        if operator == "open":
            return
        program.append(operator)
    raise BadExpressionError(f"')' at {place}: no parenthesis is open")


def _comparison(tokens: list[tuple[str, str, int]], at: int) -> Comparison:
    kinds = [kind for kind, _, _ in tokens[at : at + 3]]
    if len(kinds) < 3 or kinds[0] != "word" or kinds[1] != "op" or kinds[2] not in ("word", "text"):
        raise BadExpressionError(f"{tokens[at][1]!r} at {tokens[at][2]}: expected column, operator and value")
    return Comparison(tokens[at][1], tokens[at + 1][1], tokens[at + 2][1], kinds[2] == "word")


def like(pattern: str) -> Callable[[str], bool]:
    """What tells whether a text is similar to a pattern, whatever the case: `%` stands for any text; without one the pattern may stand anywhere."""
    folded = pattern.casefold()
    if "%" not in folded:
        return lambda text: folded in text.casefold()
    head, *middle, tail = folded.split("%")

    def similar(text: str) -> bool:
        text = text.casefold()
        if not text.startswith(head) or len(text) < len(head) + len(tail) or not text.endswith(tail):
            return False
        at, end = len(head), len(text) - len(tail)
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return similar
