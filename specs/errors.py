"""What is wrong with a file that somebody wrote, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Problem", "SpecError", "nearest"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file: its place, what was found, what was expected and what to do.

    `line` and `column` count from 1; a problem with the text as a whole stands at 1:1, and one with a file that can't be read nowhere, at 0:0.
    """

    file: str
    line: int
    column: int
    message: str
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """The problem on one line: `file:line:column: what was found; expected …; what to do`, without the place where there is none."""
        said = [self.message]
        if self.expected:
            said.append(f"expected {self.expected}")
        if self.hint:
            said.append(self.hint)
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file or "''"
        return f"{place}: {'; '.join(said)}"


class SpecError(Exception):
    """A file that can't be used, with every problem found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of their places, each once."""
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(name: str, names: Iterable[str]) -> str:
    """The advice "did you mean …?" for a misspelled name, or an empty text where nothing is near."""
    from difflib import get_close_matches  # here, since few programs have anything to complain of

    close: Sequence[str] = get_close_matches(str(name)[:200], list(names), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
