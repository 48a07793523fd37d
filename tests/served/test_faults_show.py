"""The tests of this folder hold every clause of the shipped specs, and each of them fails when its clause is broken."""

from __future__ import annotations

import pytest

from mockserver import FaultId, faults_of
from specs import load
from tests.served import test_miles, test_moonrope, test_paydirt, test_productive, test_timedash
from tests.served.clauses import Proof, proofs
from tests.served.conftest import ServiceOf
from tests.served.wire import Service

MODULES = {"timedash": test_timedash, "paydirt": test_paydirt, "moonrope": test_moonrope, "88miles": test_miles, "productive": test_productive}

PROOFS = [(api, proof) for api, module in MODULES.items() for proof in proofs(module)]


@pytest.mark.parametrize("api", MODULES)
def test_every_clause_has_a_test(api: str) -> None:
    tested = {proof.clause for where, proof in PROOFS if where == api}
    assert tested == set(load(api).clauses)


@pytest.mark.parametrize("api", MODULES)
def test_every_clause_has_a_test_for_its_usual_fault(api: str) -> None:
    tested = {proof.clause for where, proof in PROOFS if where == api and not proof.way}
    assert tested == set(load(api).clauses)


@pytest.mark.parametrize(("api", "proof"), PROOFS, ids=[proof.name for _, proof in PROOFS])
def test_broken_clause_fails_its_test(api: str, proof: Proof, service_of: ServiceOf) -> None:
    service = service_of(api).restart(proof.fault)
    try:
        with pytest.raises(AssertionError):
            proof.test(service, *proof.case)
    finally:
        service.restart()


@pytest.mark.parametrize(("api", "fault"), [(api, fault) for api in MODULES for fault in faults_of(load(api))], ids=lambda value: getattr(value, "name", value))
def test_every_fault_fails_a_test_of_its_clause(api: str, fault: FaultId, service_of: ServiceOf) -> None:
    service = service_of(api)
    caught = any(_fails(service, proof, fault) for where, proof in PROOFS if where == api and proof.clause == fault.clause)
    service.restart()
    assert caught, fault.says


def _fails(service: Service, proof: Proof, fault: FaultId) -> bool:
    """Whether a test fails under a fault; that it can't go on is no failure."""
    try:
        proof.test(service.restart(fault.name), *proof.case)
    except AssertionError:
        return True
    return False
