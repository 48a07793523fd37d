"""What is served: health, the specs that are loaded, and the documents that describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.control.asked import Asked
from mockserver.faults import faults_of

if TYPE_CHECKING:
    from mockserver.api import Api

__all__ = ["description", "health", "index", "spec", "spec_description", "specs"]


def index(asked: Asked) -> dict[str, Any]:
    """The title and the places of the control plane."""
    places = sorted({path for path in asked.description["paths"] if "{" not in path})
    return {"title": asked.description["info"]["title"], "description": "/__proctor/openapi.json", "places": places}


def description(asked: Asked) -> dict[str, Any]:
    """The OpenAPI document of the control plane."""
    return dict(asked.description)


def health(asked: Asked) -> dict[str, Any]:
    """That the stub answers, and what it is."""
    return {"status": "ok", "mode": asked.engine.mode, "apis": list(asked.engine.apis)}


def specs(asked: Asked) -> dict[str, Any]:
    """The specs that are loaded."""
    return {"specs": [_summary(api) for api in asked.engine.apis.values()]}


def spec(asked: Asked) -> dict[str, Any]:
    """One spec, with its operations."""
    operations = [
        {"id": one.id, "method": one.method.upper(), "path": one.path, "resource": one.resource, "effect": one.effect}
        for one in asked.api.spec.operations.values()
    ]
    return {**_summary(asked.api), "operations": operations}


def spec_description(asked: Asked) -> Any:
    """One spec's OpenAPI document, with the stub as its one server; of its callers it tells everything but the credentials."""
    openapi = dict(asked.api.spec.openapi)
    # No other: clients choose any of them, and the real API is not what the stub's document is asked for.
    openapi["servers"] = [{"url": asked.request.origin + asked.api.mount + asked.api.spec.base_path, "description": "The stub"}]
    seed = openapi.get("x-seed")
    if isinstance(seed, dict) and isinstance(seed.get("principals"), list):
        callers = [{name: value for name, value in caller.items() if name != "credential"} for caller in seed["principals"]]
        openapi["x-seed"] = {**seed, "principals": callers}
    return asked.redactor.without_known(openapi)


def _summary(api: Api) -> dict[str, Any]:
    spec = api.spec
    return {
        "api": api.name,
        "title": spec.title,
        "version": spec.version,
        "url": api.mount + spec.base_path,
        "resources": list(spec.resources),
        "clauses": len(spec.clauses),
        "faults": len(faults_of(spec)),
    }
