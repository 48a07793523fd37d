"""The control plane is what its own OpenAPI document says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema as OpenApiSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from mockserver import Live, live
from mockserver.control.description import described, document
from mockserver.control.plane import OPERATIONS
from tests.mockserver.conftest import spec_of
from tests.mockserver.control.conftest import Plane, engine_of

IDS = sorted(operation.id for _, _, operation in described())

JUDGED = {"changeFaults", "freezeClock", "putRecord", "replaceRecords", "setFaults", "setTransportFaults"}
"""Operations that refuse more than a schema can say: faults and records that no spec knows, moments that no clock shows."""


def test_document_is_openapi(plane: Plane) -> None:
    served = plane("GET", "/openapi.json").json
    assert served["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(served).validate()


def test_every_operation_is_done_and_described() -> None:
    assert sorted(OPERATIONS) == IDS
    assert len(set(IDS)) == len(IDS)


def test_document_names_what_is_served() -> None:
    schemas = document(engine_of("timedash", "paydirt"))["components"]["schemas"]
    assert schemas["ApiName"]["enum"] == ["timedash", "paydirt"]
    assert {"contacts", "clients"} <= set(schemas["ResourceName"]["enum"])
    assert {"listContacts", "listClients"} <= set(schemas["OperationName"]["enum"])


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A stub on a free port."""
    with live(spec_of("timedash"), max_spaces=8) as running:
        yield running


@pytest.fixture(scope="module")
def described_api(server: Live) -> OpenApiSchema:
    """The control plane's document, as Schemathesis reads it from the server."""
    loaded: OpenApiSchema = schemathesis.openapi.from_url(f"{server.url}/__proctor/openapi.json")
    return loaded


@pytest.mark.parametrize("operation", IDS)
def test_schemathesis_finds_nothing(described_api: OpenApiSchema, operation: str) -> None:
    found = described_api.find_operation_by_id(operation)
    cases = [found.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

    @given(st.one_of(*cases))
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance] if operation in JUDGED else [])

    holds()
