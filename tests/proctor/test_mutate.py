"""The proof on small APIs of somebody else: every fault that there is shows, whatever little the seed holds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import specs
from conformance import Options, bind, examine
from conformance.running.examination import Examination, state_of
from mockserver import Engine, faults_of
from proctor.__main__ import main
from proctor.inprocess import EngineTransport, engine_clock, stub_target
from proctor.mutate import examine_engine, kill, mutants
from specs.model import Spec
from specs.samples import sample

DATA = Path(__file__).parent / "data"
APIS = ("jottings", "fleet", "ledger", "tracker")


def spec_of(name: str) -> Spec:
    return specs.load(DATA / f"{name}.yaml")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def changed(folder: Path, name: str, **parts: Any) -> Path:
    """One of the APIs with whole parts of its file replaced, by `a__b` for the member b of a."""
    document = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    for place, value in parts.items():
        *way, last = place.split("__")
        inner = document
        for step in way:
            inner = inner[step]
        inner[last] = value
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def others(spec: Spec, number: int) -> Spec:
    """The same API with other records: as many of each resource, made from its schema."""
    owner = spec.seed.principals[0] if spec.seed.principals else None
    rows: dict[str, tuple[dict[str, Any], ...]] = {}
    for resource in sorted(spec.resources.values(), key=lambda one: len(one.parents)):
        made = []
        for index in range(number):
            record = {**sample(resource.schema, index * 31 + 5), resource.key: 1000 + 7 * index}
            for parent in resource.parents:
                known = rows.get(parent.resource)
                record[parent.member] = known[index % len(known)]["record"][spec.resources[parent.resource].key] if known else None
            made.append({"account": owner.account if owner else "", "user": owner.user if owner else None, "record": record})
        rows[resource.name] = tuple(made)
    return dataclasses.replace(spec, seed=dataclasses.replace(spec.seed, records=rows))


def examined(spec: Spec, served: Spec) -> Examination:
    target, engine = stub_target(spec), Engine([served])
    return examine(bind(spec, target), target, EngineTransport(engine), options=Options(generated=2), clock=engine_clock(engine))


@pytest.mark.parametrize("name", APIS)
def test_spec_has_nothing_wrong_with_it(name: str) -> None:
    assert run("lint", str(DATA / f"{name}.yaml")).exit_code == 0
    assert run("sources", str(DATA), str(DATA / f"{name}.yaml")).exit_code == 0


@pytest.mark.parametrize("name", APIS)
def test_clean_stub_passes_every_clause(name: str) -> None:
    spec = spec_of(name)
    found = examine_engine(spec, Engine([spec]))
    assert {result.clause.id: state_of(result) for result in found.results} == dict.fromkeys(spec.clauses, "passed")


@pytest.mark.parametrize("name", APIS)
def test_every_fault_is_killed(name: str) -> None:
    spec = spec_of(name)
    faults = mutants(spec)
    assert {fault.clause for fault in faults} == set(spec.clauses)
    outcomes = [kill(spec, fault) for fault in faults]
    assert [(outcome.fault.name, outcome.verdict) for outcome in outcomes if not outcome.killed] == []


@pytest.mark.parametrize("number", [0, 1, 7, 60])
@pytest.mark.parametrize("name", APIS)
def test_implementation_with_other_records_raises_no_alarm(name: str, number: int) -> None:
    spec = spec_of(name)
    found = examined(spec, others(spec, number))
    assert [(result.clause.id, result.verdict) for result in found.results if state_of(result) in ("failed", "errored")] == []


SOURCE = {"document": "fleet", "lines": [1], "sha256": "0" * 64}
KEPT = {"list": "listVehicles", "delete": "dropVehicle"}
RPC_CAUSES = {"not_found": {"status": 200, "values": {"why": "unknown"}}}
UNDETAILED: dict[str, Any] = {
    "template": {"error": {"code": "{code}", "message": "{message}", "detail": "Something is wrong."}},
    "members": {"code": ["/error/code"], "message": ["/error/message"], "detail": ["/error/detail"]},
    "causes": {
        "not_found": {"status": 404, "values": {"code": "not_found", "message": "No"}},
        "invalid_record": {"status": 400, "values": {"code": "invalid", "message": "No"}},
        "unsupported_sort": {"status": 400, "values": {"code": "invalid", "message": "No"}},
        "unsupported_media_type": {"status": 415, "values": {"code": "media", "message": "No"}},
    },
}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        pytest.param("fleet", {"x-conventions__errors__parameters__causes": {"not_found": UNDETAILED["causes"]["not_found"]}}, id="few causes"),
        pytest.param("ledger", {"x-conventions__errors__parameters__causes": RPC_CAUSES}, id="rpc, few causes"),
        pytest.param("fleet", {"x-conventions__errors__parameters": UNDETAILED}, id="a detail that names nothing"),
        pytest.param("fleet", {"x-resources__vehicles__operations": {**KEPT, "read": "getVehicle", "replace": "putVehicle"}}, id="no create"),
        pytest.param("fleet", {"x-resources__trips__operations": {"list": "listAllTrips", "read": "getTrip"}}, id="no trips can be made"),
        pytest.param(
            "fleet",
            {
                "x-conventions__media__parameters": {"refuse_unacceptable": True},
                "x-conventions__media__clauses": {"accept": {"rule": "unacceptable_is_refused", "requires": "It is refused.", "source": SOURCE}},
            },
            id="a refusal that is not documented",
        ),
        pytest.param(
            "jottings",
            {
                "x-conventions__page__parameters": {"style": "link", "size": None, "default": 2, "links": {"next": "/next"}},
                "x-conventions__page__clauses": {},
                "x-conventions__content": {
                    "kind": "content_negotiation",
                    "parameters": {"suffixes": [".json"]},
                    "clauses": {"both": {"rule": "suffix_and_bare_path_agree", "requires": "Both.", "source": {**SOURCE, "document": "jottings"}}},
                },
            },
            id="links with the suffix",
        ),
    ],
)
def test_document_that_says_less_raises_no_alarm(name: str, parts: dict[str, Any], tmp_path: Path) -> None:
    spec = specs.load(changed(tmp_path, name, **parts))
    found = examined(spec, spec)
    assert [(result.clause.id, result.verdict) for result in found.results if state_of(result) in ("failed", "errored")] == []


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("jottings", "filter/status:either"),  # one filter
        ("jottings", "filter/status:last_only"),
        ("jottings", "filter/status:texts_only"),  # by a text
        ("jottings", "page/total:page_one_less"),  # no such number is told
        ("jottings", "page/total:total_of_everybody"),  # there is one account
        ("fleet", "lists/array:bare"),  # every list is bare
        ("fleet", "lists/one:one_bare"),
        ("fleet", "filter/value:other_text"),  # no title is documented
        ("fleet", "things/put:other_errors"),  # no errors are documented
        ("tracker", "time/begins:milliseconds"),  # no start is shown
        ("tracker", "sums/by:other_text"),
    ],
)
def test_fault_that_changes_nothing_is_not_offered(name: str, absent: str) -> None:
    assert f"{name}/{absent}" not in {fault.name for fault in faults_of(spec_of(name))}


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([], id="none"),
        pytest.param([{"id": 1, "text": "Sleep", "status": "open"}], id="one"),
        pytest.param([{"id": number, "text": f"Note {number}", "status": "done"} for number in (1, 2, 3)], id="all alike"),
        pytest.param([{"id": number, "text": "Same", "status": status} for number, status in enumerate(["open", "done", "dropped"])], id="all different"),
    ],
)
def test_filter_faults_are_killed_whatever_the_seed_holds(records: list[Any], tmp_path: Path) -> None:
    seed = [{"account": "me", "record": record} for record in records]
    spec = specs.load(changed(tmp_path, "jottings", **{"x-seed__records__jottings": seed}))
    outcomes = [kill(spec, fault) for fault in mutants(spec, ("filter",))]
    assert [(outcome.fault.name, outcome.verdict) for outcome in outcomes if not outcome.killed] == []


def test_clause_that_can_not_be_examined_is_told_and_not_tried(tmp_path: Path) -> None:
    path = changed(tmp_path, "jottings", **{"x-resources__jottings__operations": {"list": "listJottings", "read": "readJotting"}})
    result = run("mutate", str(path), "--only", "write", "--only", "filter")
    assert "clean stub skipped" in result.output
    assert "SURVIVED" not in result.output
    assert "untried" in result.output
    assert result.exit_code == 0, result.output


def test_clause_that_lacks_records_is_told_with_what_it_needs(tmp_path: Path) -> None:
    operations = {"list": "listJottings", "create": "createJotting", "read": "readJotting"}
    result = run("mutate", str(changed(tmp_path, "jottings", **{"x-resources__jottings__operations": operations})), "--only", "page/default")
    assert "needs more than 25 jottings" in result.output
    assert result.exit_code == 1
