"""What is wrong with a target file, or with the arguments that stand for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["TargetError", "TargetProblem"]


@dataclass(frozen=True, slots=True)
class TargetProblem:
    """One mistake in a target: where it stands, what was found there, what was expected, and what to do."""

    where: str
    found: str
    expected: str = ""
    todo: str = ""

    def __str__(self) -> str:
        """The problem on one line: `where: what was found; expected …; what to do`."""
        said = [self.found]
        if self.expected:
            said.append(f"expected {self.expected}")
        if self.todo:
            said.append(self.todo)
        return f"{self.where}: {'; '.join(said)}"


class TargetError(Exception):
    """A target that can't be used, with every problem found in it."""

    def __init__(self, problems: Iterable[TargetProblem]) -> None:
        """Keep the problems in the order in which they were found, each once."""
        self.problems: tuple[TargetProblem, ...] = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
