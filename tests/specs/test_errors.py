from __future__ import annotations

from specs.errors import Problem, SpecError, nearest


def test_problem_is_one_line() -> None:
    assert (
        str(Problem("a.yaml", 3, 5, "no such rule", "one of x, y", "did you mean 'x'?")) == "a.yaml:3:5: no such rule; expected one of x, y; did you mean 'x'?"
    )
    assert str(Problem("a.yaml", 1, 1, "empty")) == "a.yaml:1:1: empty"


def test_problem_with_what_is_not_there_has_no_place() -> None:
    assert str(Problem("a.yaml", 0, 0, "no such file")) == "a.yaml: no such file"


def test_error_lists_each_problem_once_in_order() -> None:
    late, early = Problem("a.yaml", 10, 1, "late"), Problem("a.yaml", 2, 1, "early")
    assert str(SpecError([late, early, late])) == f"{early}\n{late}"


def test_nearest_name_is_advised() -> None:
    assert nearest("pagnation", ["pagination", "errors"]) == "did you mean 'pagination'?"
    assert nearest("zzz", ["pagination", "errors"]) == ""
