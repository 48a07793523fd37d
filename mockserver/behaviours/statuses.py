"""The status of a success."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver.breaking import Change, after, pick_status, refused, server_error, succeeded
from mockserver.examples import success_of
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Site, Stage, Step
from mockserver.refusals import USUAL
from specs.conventions.statuses import Statuses

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Sets the status that the spec gives to the operation's effect, and says where a record is that was created."""
    if not served.stateful:
        return {}
    status = _status(group.parameters, served)
    place = _place(api, served) if status == 201 and served.effect == "create" else None

    def succeed(call: Call) -> Answer:
        call.status = status
        if place is not None and len(call.rows) <= 1:
            call.headers["location"] = place(call)
        return None

    return {Stage.DOCUMENT: succeed}


def _place(api: Api, served: Served) -> Callable[[Call], str] | None:
    """How the URL of a record that was created is told, if there is a path at which it is read."""
    assert served.operation is not None
    assert served.resource is not None
    given = set(served.operation.path_parameters)
    for name in served.resource.operations.get("read", ()):
        path, (*outer, key) = api.spec.operations[name].path, api.spec.operations[name].path_parameters or ("",)
        if key and key not in given and given.issuperset(outer):
            return lambda call: call.request.origin + call.mount + api.spec.base_path + _filled(path, {**call.values, key: _key_of(call)})
    return None


def _key_of(call: Call) -> str:
    assert call.row is not None
    return call.row.key


def _filled(path: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def _status(parameters: Statuses, served: Served) -> int:
    """The status by effect; without one, the operation's own documented success."""
    assert served.operation is not None
    success = parameters.success.get(served.effect or "") or parameters.success.get("default")
    if success is not None:
        return success.status
    documented = success_of(served.operation)
    return int(documented.status) if documented is not None and documented.status.isdigit() else 200


_SUCCESSES = (201, 200, 202, 203, 206, 226)


def _passing(site: Site) -> set[Any]:
    """The statuses that a success of the operation may have."""
    success = site.parameters.success.get(site.served.effect or "") or site.parameters.success.get("default")
    if success is None:
        return {"2xx"}
    return {success.status, *success.accept, *success.tolerate}


def _other_success(call: Call, site: Site) -> None:
    call.status = pick_status((*_SUCCESSES, 302), _passing(site))


def _creates(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect == "create" for name in clause.operations)


def _created(call: Call, site: Site) -> None:
    if site.served.effect == "create":
        _other_success(call, site)


def _no_content(call: Call, site: Site) -> None:
    if 204 not in _passing(site) and "2xx" not in _passing(site) and site.served.effect != "delete":
        call.status, call.document = 204, EMPTY


def _undocumented(candidates: tuple[int, ...]) -> Change:
    def change(call: Call, site: Site) -> None:
        documented = {*site.parameters.documented, *site.parameters.by_protocol}
        call.status = pick_status(candidates, [*documented, "2xx"] if site.parameters.other_2xx else documented)

    return change


def _failing(call: Call, site: Site) -> None:  # noqa: ARG001
    if 400 <= call.status < 500:
        call.status = 500


def _succeeding(call: Call, site: Site) -> None:  # noqa: ARG001
    if 400 <= call.status < 500:
        call.status = 200


def _by_cause(call: Call, site: Site) -> None:  # noqa: ARG001
    if call.refusal is not None and call.status < 300:
        call.status = USUAL[call.refusal.cause][0]


def _page_failing(call: Call, site: Site) -> None:
    pagination = site.api.parameters("pagination", site.served)
    page = {**call.query, **call.inputs}.get(pagination.page, 0) if pagination is not None else 0
    if not str(page).lstrip("-").isdigit():
        call.status = 500


def _huge_page_failing(call: Call, site: Site) -> None:
    pagination = site.api.parameters("pagination", site.served)
    page = call.inputs.get(pagination.page) if pagination is not None else None
    if isinstance(page, int | float) and page >= _TOO_LARGE:
        server_error(call, site)


def _metadata_failing(call: Call, site: Site) -> None:
    metadata = site.api.parameters("metadata", site.served)
    if metadata is not None and not isinstance(call.inputs.get(metadata.member, {}), dict):
        call.status = 500


def _has_metadata(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return any(group.kind == "metadata" for group in spec.groups.values())


_MISTAKES = ("malformed", "missing_parameter", "invalid_parameter", "invalid_record", "metadata", "page_out_of_bounds", "not_found", "parent_not_found")

_TOO_LARGE = 2**63
"""The first number that does not fit into 64 bits with a sign."""

FAULTS = {
    "success_status_is_documented": {
        "other_success": Fault("A success has another status than documented.", Stage.RENDERING, succeeded(_other_success)),
        "created": Fault("A create has another status than documented.", Stage.RENDERING, succeeded(_created), fits=_creates),
        "no_content": Fault("A success has the status 204, and no body.", Stage.RENDERING, succeeded(_no_content)),
    },
    "only_documented_codes": {
        "undocumented_error": Fault("Errors have a status that is not documented.", Stage.RENDERING, refused(_undocumented((422, 409, 418)))),
        "undocumented_success": Fault("Successes have a status that is not documented.", Stage.RENDERING, succeeded(_undocumented((203, 299, 302)))),
    },
    "mistakes_are_client_errors": {
        "server_error": Fault("A mistake in what was sent is answered with 500.", Stage.RENDERING, refused(_failing, *_MISTAKES)),
        "success": Fault("A mistake in what was sent is answered with 200.", Stage.RENDERING, refused(_succeeding, *_MISTAKES)),
        "page_fails": Fault("A page that is no number is answered with 500.", Stage.RENDERING, refused(_page_failing)),
        "metadata_fails": Fault("Metadata that is no object is answered with 500.", Stage.RENDERING, refused(_metadata_failing), fits=_has_metadata),
        "malformed_fails": Fault("A body that can't be read is answered with 500.", Stage.RENDERING, refused(_failing, "malformed")),
    },
    "outcome_is_not_in_the_status": {
        "by_cause": Fault("A failure has the HTTP status of its cause.", Stage.RENDERING, refused(_by_cause)),
        "huge_page_fails": Fault("A page with a number of more than 64 bits makes the server fail.", Stage.RENDERING, after(_huge_page_failing)),
        "not_found": Fault("An unknown record is answered with 404.", Stage.RENDERING, refused(_by_cause, "not_found", "foreign_record")),
        "unauthenticated": Fault("A refused access is answered with 401.", Stage.RENDERING, refused(_by_cause, "unauthenticated", "forbidden")),
    },
}
