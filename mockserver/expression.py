"""The SQL-like language of a `where` parameter: `name ~= "web%" && (active = true || time_limit > 3600)`.

Parsing is iterative (a shunting-yard), the result a flat program in postfix order: neither can be made to recurse, and both are
bounded by the number of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["BadExpressionError", "Comparison", "compile_expression", "like"]

_TOKENS_READ = 600
_USUAL = ("!=", "~=", "<=", ">=", "=", "<", ">")
"""How operators are spelled where nothing else is said."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(r"\\(.)|([%_])|([^\\%_]+|\\)", re.DOTALL)
_WILD_CHARACTERS = 255
"""How long a text with `_` in it may be: it is tried at each place of what it is held against."""
_RANK = {"or": 1, "and": 2}


class BadExpressionError(ValueError):
    """An expression that does not parse: what was found, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison as it is written: column, operator, and the value; `bare` where it had no quotes."""

    column: str
    operator: str
    written: str
    bare: bool

    @property
    def text(self) -> str:
        """The value's text: in quotes, a backslash makes the character after it stand for itself."""
        return self.written if self.bare else _ESCAPE.sub(r"\1", self.written)


Test = Callable[[Mapping[str, Any]], bool]
Program = list[Test | str]


@cache
def _token(operators: tuple[str, ...]) -> re.Pattern[str]:
    """What takes one token, with operators that are spelled so; one that is a word stands where an operator must."""
    signs = sorted((operator for operator in operators if not operator.isalnum()), key=len, reverse=True)
    taken = re.escape("".join(sorted({sign for operator in signs for sign in operator} - set("()&|!~<>="))))
    return re.compile(
        rf"""\s*(?:
          (?P<open>\() | (?P<close>\)) | (?P<and>&&) | (?P<or>\|\|)
        | (?P<op>{"|".join(map(re.escape, signs)) or "(?!)"})
        | "(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)"
        | (?P<word>[^\s()&|!~<>="'{taken}][^\s()&|!~<>="{taken}]*+)
        )""",
        re.VERBOSE | re.DOTALL,
    )


def compile_expression(text: str, resolve: Callable[[Comparison], Test], operators: Iterable[str] = _USUAL) -> Test:
    """The test that an expression makes; `resolve` gives the test of one comparison, `operators` are as they are spelled. Raises `BadExpressionError`."""
    program = _postfix(_tokens(text, tuple(operators)), resolve)
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


def _tokens(text: str, operators: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """The tokens as kind, text and position."""
    found: list[tuple[str, str, int]] = []
    at, end, token = 0, len(text.rstrip()), _token(operators)
    while at < end:
        match = token.match(text, at)
        if match is None:
            raise BadExpressionError(f"{text[at : at + 20]!r} at {at}: expected a column, an operator, a value or a parenthesis")
        kind = match.lastgroup or ""
        word = match[kind]
        if kind == "word" and word.lower() in _RANK:
            kind = word.lower()
        elif kind == "word" and word in operators and found and found[-1][0] == "word":
            kind = "op"
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


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between two `%` of a pattern: text alone, or with `_` in it an expression; `size` is how many characters it takes."""

    size: int
    wanted: str | re.Pattern[str]

    def end_in(self, text: str, start: int, end: int) -> int | None:
        """Where the first place that it has between two positions of a text ends; None where it has none."""
        if isinstance(self.wanted, str):
            at = text.find(self.wanted, start, end)
            return None if at < 0 else at + self.size
        found = self.wanted.search(text, start, end)
        return None if found is None else found.end()


def like(pattern: str) -> Callable[[str], bool]:
    """What tells whether a text is similar to a pattern, whatever the case; raises `BadExpressionError`.

    `%` stands for any text and `_` for any character, unless a backslash stands before it. Without a `%` the pattern may stand anywhere.
    """
    parts = [_part(pieces) for pieces in _between_percents(pattern.casefold())]
    head, *middle = parts
    tail = middle.pop() if middle else head

    def somewhere(text: str) -> bool:
        text = text.casefold()
        return head.end_in(text, 0, len(text)) is not None

    def similar(text: str) -> bool:
        text = text.casefold()
        at, end = head.size, len(text) - tail.size
        if end < at or head.end_in(text, 0, at) is None or tail.end_in(text, end, len(text)) is None:
            return False
        for part in middle:
            found = part.end_in(text, at, end)
            if found is None:
                return False
            at = found
        return True

    return somewhere if len(parts) == 1 else similar


def _between_percents(pattern: str) -> list[list[str]]:
    """What stands between the `%` of a pattern: pieces of text, the empty one for each `_`."""
    found: list[list[str]] = [[]]
    for escaped, wildcard, plain in _PIECE.findall(pattern):
        if wildcard == "%":
            found.append([])
        else:
            found[-1].append("" if wildcard else escaped or plain)
    return found


def _part(pieces: list[str]) -> _Part:
    text = "".join(pieces)
    if "" not in pieces:
        return _Part(len(text), text)
    size = len(text) + pieces.count("")
    if size > _WILD_CHARACTERS:
        raise BadExpressionError(f"a text of {size} characters with '_': at most {_WILD_CHARACTERS} are taken")
    return _Part(size, re.compile("".join(re.escape(piece) or "." for piece in pieces), re.DOTALL))
