"""What is wrong in a spec that loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import specs

SPEC = """
openapi: 3.1.0
info: {{title: Pins, version: '1'}}
paths:
  /pins: {{get: {{operationId: listPins, responses: {{'200': {{description: Pins.}}}}}}}}
x-seed: {{principals: [{principals}], records: {{pins: [{{account: {account}, record: {{id: 1}}}}]}}}}
x-resources: {{pins: {{operations: {{list: listPins}}}}}}
"""
ANN = "{name: full, account: north, user: ann, role: full, credential: {}}"


@pytest.mark.parametrize(
    ("principals", "account", "told"),
    [("", "''", ""), ("", "north", "an empty text, as there are no principals"), (ANN, "north", ""), (ANN, "south", "one of north")],
)
def test_record_belongs_to_an_account_that_somebody_has(principals: str, account: str, told: str, written: Callable[..., Path]) -> None:
    problems = specs.lint(written(SPEC.format(principals=principals, account=account)))
    assert [problem.expected for problem in problems] == ([told] if told else [])
