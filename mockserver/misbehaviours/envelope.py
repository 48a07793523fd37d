"""How envelopes break their word: roots, counts, outcome members and JSON:API documents that are not as promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.breaking import Change, after, forgiving, last_only, refused, rewrite, server_error, succeeded, thaw
from mockserver.misbehaviours.listing import listed, of_several_users
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Site, Stage, Step, Wrap
from mockserver.pointer import ABSENT, Tokens, fetch, put, tokens
from mockserver.store import Query
from specs.model import Clause, Spec

if TYPE_CHECKING:
    from mockserver.api import Served

__all__ = ["FAULTS"]

BODY = Stage.RENDERING

Value = Callable[[Any], Any]


# Roots


def _root(site: Site) -> Tokens:
    """Where a list's array, or a record, stands."""
    parameters = site.parameters
    return tokens(parameters.items if site.served.effect == "list" else parameters.item, site.served.resource)


def _data(call: Call, site: Site) -> Any:
    return fetch(thaw(call), _root(site))


def _bare(call: Call, site: Site) -> None:
    call.document = _data(call, site)


def _under(name: Callable[[Site], str]) -> Change:
    """Puts the data under another root."""

    def change(call: Call, site: Site) -> None:
        call.document = put({}, tokens(name(site)), _data(call, site))

    return change


def _lists(served: Served, site: Site) -> bool:  # noqa: ARG001
    return served.effect == "list"


def _lists_have_roots(spec: Spec, clause: Clause) -> bool:
    return bool(spec.convention(clause).parameters.items)


def _records_have_roots(spec: Spec, clause: Clause) -> bool:
    return bool(spec.convention(clause).parameters.item)


def _written_records_have_roots(spec: Spec, clause: Clause) -> bool:
    writing = (spec.operations[name] for name in clause.operations if spec.operations[name].effect in ("create", "update", "replace"))
    made = any("create" in spec.resources[operation.resource].operations for operation in writing if operation.resource is not None)
    return _records_have_roots(spec, clause) and made


def _singular(site: Site) -> str:
    assert site.served.resource is not None
    return "/" + site.served.resource.singular


def _plural(site: Site) -> str:
    assert site.served.resource is not None
    return "/" + site.served.resource.plural


def _rooted(value: Callable[[Any, Site], Any]) -> Change:
    """Puts other data under the root."""

    def change(call: Call, site: Site) -> None:
        data = _data(call, site)
        call.document = put(call.document, _root(site), value(data, site))

    return change


def _by_id(records: Any, site: Site) -> Any:
    assert site.served.resource is not None
    return {str(record.get(site.served.resource.key)): record for record in records}


def _as_strings(records: Any, site: Site) -> Any:  # noqa: ARG001
    return [orjson.dumps(record).decode() for record in records]


def _in_lists(change: Change) -> Wrap:
    """The wrap that changes lists, and nothing else."""
    return _of(change, lambda effect: effect == "list")


def _in_records(change: Change) -> Wrap:
    """The wrap that changes single records, and nothing else."""
    return _of(change, lambda effect: effect not in ("list", "delete"))


def _of(change: Change, concerns: Callable[[str | None], bool]) -> Wrap:
    return lambda step, site: succeeded(change)(step, site) if concerns(site.served.effect) else step


def _where_written(change: Change) -> Change:
    def written(call: Call, site: Site) -> None:
        if site.served.writes:
            change(call, site)

    return written


# Counts


def _counting(count: Callable[[Call, Site, Any], Any]) -> Wrap:
    """The wrap that tells another count."""

    def change(call: Call, site: Site) -> None:
        pointer = site.parameters.count
        if site.served.effect == "list" and pointer is not None:
            call.document = rewrite(thaw(call), [pointer], lambda told: count(call, site, told))

    return succeeded(change)


def _unfiltered(call: Call, site: Site, told: Any) -> int:  # noqa: ARG001
    wanted = call.wanted
    return call.space.store.select(site.served.table(call), Query(account=wanted.account, equal=wanted.equal, seen=wanted.seen))[1]


def _filters(spec: Spec, clause: Clause) -> bool:
    """Whether lists that a clause speaks of are filtered."""
    return any(group.kind == "filtering" and set(group.operations) & set(clause.operations) for group in spec.groups.values())


def _everybodys(call: Call, site: Site, told: Any) -> int:  # noqa: ARG001
    return call.space.store.count(site.served.table(call))


# A member


def _concerns(call: Call, site: Site) -> bool:
    """Whether the clause's member must be in this answer."""
    arguments = site.arguments
    schemas = (arguments.always, arguments.on_success if call.refusal is None else arguments.on_failure)
    return call.document is not EMPTY and any(schema is not None for schema in schemas)


def _matching(change: Change, where: Callable[[Call], bool] = lambda call: True) -> Wrap:  # noqa: ARG005
    def concerned(call: Call, site: Site) -> None:
        if _concerns(call, site) and where(call):
            change(call, site)

    return after(concerned)


def _member(value: Value) -> Change:
    """Changes the clause's member, which may be the whole body."""

    def change(call: Call, site: Site) -> None:
        call.document = rewrite(thaw(call), [site.arguments.at], value)

    return change


def _spare(site: Site) -> str:
    """Where the clause's member stands; of the whole body, a required member that holds neither outcome nor data."""
    if site.arguments.at:
        return str(site.arguments.at)
    parameters = site.parameters
    taken = {parameters.item, parameters.items, parameters.outcome.member if parameters.outcome is not None else ""}
    required = [f"/{name}" for name in (site.arguments.always or {}).get("required", ())]
    return next((pointer for pointer in reversed(required) if pointer not in taken), "")


def _without(call: Call, site: Site) -> None:
    call.document = rewrite(thaw(call), [_spare(site)], lambda value: ABSENT)  # noqa: ARG005


def _renamed(call: Call, site: Site) -> None:
    *path, name = tokens(_spare(site))
    value = fetch(thaw(call), (*path, name))
    if value is not ABSENT:
        _without(call, site)
        call.document = put(call.document, (*path, name.capitalize()), value)


def _encoded(value: Any) -> str:
    return orjson.dumps(value).decode()


def _seldom(call: Call) -> bool:
    """Whether the answer is one that few look at: of an unknown record, or of a write or an action."""
    if call.refusal is not None:
        return call.refusal.cause in ("not_found", "parent_not_found", "foreign_record")
    return call.served.effect not in ("list", "read")


def _has_members(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    """Whether the clause speaks of a member, or of a body that must have some."""
    arguments: Any = clause.arguments
    return bool(arguments.at or (arguments.always or {}).get("required"))


def _is_object(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    arguments: Any = clause.arguments
    return all(schema is None or schema.get("type") == "object" for schema in (arguments.always, arguments.on_success, arguments.on_failure))


def _refused(call: Call) -> bool:
    return call.refusal is not None


def _on_failure(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    arguments: Any = clause.arguments
    return arguments.always is not None or arguments.on_failure is not None


# Outcomes


def _outcome(value: Callable[[Any, Site], Any]) -> Change:
    def change(call: Call, site: Site) -> None:
        call.document = rewrite(thaw(call), [site.parameters.outcome.member], lambda told: value(told, site))

    return change


def _success(told: Any, site: Site) -> Any:  # noqa: ARG001
    return site.parameters.outcome.success[0]


# Lists among themselves


def _in_its_own_way(call: Call, site: Site) -> None:
    """Wraps the list in a way that depends on its place among the lists."""
    ways = ("", "/records", "/page/records")
    place = list(site.clause.operations).index(site.served.id)
    call.document = put({}, tokens(ways[place % len(ways)]), _data(call, site))


# JSON:API


def _resources(change: Callable[[dict[str, Any]], None]) -> Change:
    """Changes each resource object of the primary data."""

    def each(call: Call, site: Site) -> None:  # noqa: ARG001
        document = thaw(call)
        data = document.get("data") if isinstance(document, dict) else None
        for resource in data if isinstance(data, list) else [data]:
            if isinstance(resource, dict):
                change(resource)

    return each


def _id_as_number(resource: dict[str, Any]) -> None:
    key = str(resource.get("id", ""))
    resource["id"] = int(key) if key.isdecimal() else len(key)


def _no_type(resource: dict[str, Any]) -> None:
    resource.pop("type", None)


def _flat(resource: dict[str, Any]) -> None:
    resource.update(resource.pop("attributes", {}))


def _id_inside(resource: dict[str, Any]) -> None:
    resource.setdefault("attributes", {})["id"] = resource.pop("id", None)


def _relationships(resource: dict[str, Any]) -> dict[str, Any]:
    """Its relationships that are still objects: another fault may have taken linkage for one."""
    return {name: value for name, value in resource.get("relationships", {}).items() if isinstance(value, dict)}


def _bare_linkage(resource: dict[str, Any]) -> None:
    for name, relationship in _relationships(resource).items():
        linkage = relationship.get("data") or {}
        resource["relationships"][name] = linkage.get("id")


def _linkage_without_type(resource: dict[str, Any]) -> None:
    for relationship in _relationships(resource).values():
        if isinstance(relationship.get("data"), dict):
            relationship["data"].pop("type", None)


def _beside(name: str, value: Any) -> Change:
    """Puts a further member at the root."""

    def change(call: Call, site: Site) -> None:  # noqa: ARG001
        if isinstance(thaw(call), dict):
            call.document[name] = value

    return change


def _turned(call: Call, site: Site) -> None:
    """A single record comes in an array; a list, as its first record."""
    data = _data(call, site)
    if data is not ABSENT and data != []:
        call.document = put(call.document, _root(site), data[0] if isinstance(data, list) else [data])


def _one_error(call: Call, site: Site) -> None:  # noqa: ARG001
    call.document = rewrite(thaw(call), ["/errors"], lambda errors: errors[0] if isinstance(errors, list) else errors)


def _message_for_detail(call: Call, site: Site) -> None:  # noqa: ARG001
    for error in thaw(call).get("errors", ()):
        error["message"] = error.pop("detail", "")


# Includes


def _not_asked(call: Call, site: Site) -> None:  # noqa: ARG001
    call.asked = None


def _not_asked_later(call: Call, site: Site) -> None:
    if call.wanted.offset:
        _not_asked(call, site)


def _parents(spec: Spec, clause: Clause) -> set[str]:
    """The resources that the records of a clause's operations refer to."""
    resources = (spec.operations[name].resource for name in clause.operations)
    return {parent.resource for name in resources if name is not None for parent in spec.resources[name].parents}


def _has_parents(spec: Spec, clause: Clause) -> bool:
    return bool(_parents(spec, clause))


def _has_related(spec: Spec, clause: Clause) -> bool:
    """Whether there are, or can be, records that others refer to."""
    return any(spec.seed.records.get(name) or "create" in spec.resources[name].operations for name in _parents(spec, clause))


def _included(change: Callable[[list[Any]], None]) -> Wrap:
    def each(call: Call, site: Site) -> None:  # noqa: ARG001
        document = thaw(call)
        if isinstance(document, dict) and document.get("included"):
            change(document["included"])

    return succeeded(each)


def _stranger(included: list[Any]) -> None:
    included.append({**included[0], "id": included[0]["id"] + "0000"})


def _twice(included: list[Any]) -> None:
    included.append(dict(included[0]))


def _failing_on_write(step: Step, site: Site) -> Step:
    """Says failure after a write that succeeded."""

    def broken(call: Call) -> Answer:
        if call.refusal is None and site.served.effect not in ("list", "read"):
            _outcome(lambda told, site: "error")(call, site)  # noqa: ARG005
        return step(call)

    return broken


FAULTS = {
    "collection_has_its_root": {
        "bare": Fault("A list comes as a bare array.", BODY, _in_lists(_bare), fits=_lists_have_roots),
        "other_root": Fault("A list stands under another root.", BODY, _in_lists(_under(lambda site: "/items/records"))),  # noqa: ARG005
        "singular": Fault("A list stands under the name of a single record.", BODY, _in_lists(_under(_singular))),
        "by_id": Fault("A list is an object of records by id.", BODY, _in_lists(_rooted(_by_id))),
        "records_as_text": Fault("The records of a list are JSON within text.", BODY, _in_lists(_rooted(_as_strings))),
    },
    "single_has_its_root": {
        "bare": Fault("A record comes without its root.", BODY, _in_records(_bare), fits=_records_have_roots),
        "plural": Fault("A record stands under the name of the list.", BODY, _in_records(_under(_plural))),
        "in_array": Fault("A record stands in an array.", BODY, _in_records(_rooted(lambda record, site: [record]))),  # noqa: ARG005
        "bare_when_written": Fault(
            "A record that was written comes without its root.", BODY, _in_records(_where_written(_bare)), fits=_written_records_have_roots
        ),
    },
    "count_is_the_number_of_items": {
        "one_more": Fault("The count is one more than there are records.", BODY, _counting(lambda call, site, told: told + 1)),  # noqa: ARG005
        "everybodys": Fault("The count is that of everybody's records.", BODY, _counting(_everybodys), fits=of_several_users),
        "unfiltered": Fault("The count is that of the list without its filters.", BODY, _counting(_unfiltered), fits=_filters),
        "as_text": Fault("The count is text.", BODY, _counting(lambda call, site, told: str(told))),  # noqa: ARG005
        "missing": Fault("There is no count.", BODY, _counting(lambda call, site, told: ABSENT)),  # noqa: ARG005
    },
    "member_matches": {
        "missing": Fault("The member, or one of the body's, is missing.", BODY, _matching(_without), fits=_has_members),
        "null": Fault("The member is null.", BODY, _matching(_member(lambda value: None))),  # noqa: ARG005
        "as_text": Fault("The member is JSON within text.", BODY, _matching(_member(_encoded))),
        "renamed": Fault("The member, or one of the body's, begins with a capital.", BODY, _matching(_renamed), fits=_has_members),
        "in_array": Fault("The member is an array instead of an object.", BODY, _matching(_member(lambda value: [value] if value else [])), fits=_is_object),
        "null_on_failure": Fault("The member is null in a failure.", BODY, _matching(_member(lambda value: None), _refused), fits=_on_failure),  # noqa: ARG005
        "seldom_missing": Fault(
            "The member is missing where few look: for an unknown record, and after a write.", BODY, _matching(_without, _seldom), fits=_has_members
        ),
    },
    "outcome_member_tells_success": {
        "failure_says_success": Fault("A failure says success.", BODY, refused(_outcome(_success))),
        "success_says_failure": Fault("A success says error.", BODY, succeeded(_outcome(lambda told, site: "error"))),  # noqa: ARG005
        "unknown_record_says_success": Fault("An unknown record is told as a success.", BODY, refused(_outcome(_success), "not_found", "foreign_record")),
        "write_says_failure": Fault("A write that succeeded says error.", BODY, _failing_on_write),
        "missing": Fault("There is no outcome.", BODY, after(_outcome(lambda told, site: ABSENT))),  # noqa: ARG005
        "boolean": Fault("The outcome is true or false.", BODY, after(_outcome(lambda told, site: told in site.parameters.outcome.success))),
    },
    "lists_share_one_structure": {
        "each_its_own": Fault("Each list is wrapped in its own way.", BODY, succeeded(_in_its_own_way)),
        "one_bare": Fault("One list comes as a bare array.", BODY, last_only(succeeded(_bare), _lists), fits=_lists_have_roots),
        "one_deeper": Fault("One list stands deeper in the body.", BODY, last_only(succeeded(_under(lambda site: "/page/records")), _lists)),  # noqa: ARG005
    },
    "jsonapi_document_is_valid": {
        "id_as_number": Fault("Ids are numbers.", BODY, succeeded(_resources(_id_as_number))),
        "no_type": Fault("Resources have no type.", BODY, succeeded(_resources(_no_type))),
        "flat": Fault("Attributes stand beside the id.", BODY, succeeded(_resources(_flat))),
        "id_inside": Fault("The id stands among the attributes.", BODY, succeeded(_resources(_id_inside))),
        "bare_linkage": Fault("A relationship is a bare id.", BODY, succeeded(_resources(_bare_linkage)), fits=_has_parents),
        "linkage_without_type": Fault("A relationship links to an id without a type.", BODY, succeeded(_resources(_linkage_without_type)), fits=_has_related),
        "data_and_errors": Fault("A success has errors beside its data.", BODY, succeeded(_beside("errors", []))),
        "further_member": Fault("The document has a member that JSON:API does not know.", BODY, succeeded(_beside("success", True))),
        "turned": Fault("A single record comes in an array, and a list as one record.", BODY, succeeded(_turned)),
        "one_error": Fault("The errors are one object.", BODY, refused(_one_error)),
        "foreign_error": Fault("An error has a member that JSON:API does not know.", BODY, refused(_message_for_detail)),
    },
    "include_gives_full_linkage_or_refusal": {
        "ignored": Fault("A relationship to be included is left out.", Stage.VALIDATION, after(_not_asked), fits=_has_related),
        "first_page_only": listed("A relationship to be included is left out after the first page.", after(_not_asked_later), fits=_has_related),
        "nonsense_ignored": Fault("A relationship that nobody has is ignored.", Stage.VALIDATION, forgiving("unsupported_include")),
        "one_missing": Fault("One of the included records is missing.", BODY, _included(lambda included: included.pop()), fits=_has_related),
        "stranger": Fault("A record is included that nothing links to.", BODY, _included(_stranger), fits=_has_related),
        "twice": Fault("A record is included twice.", BODY, _included(_twice), fits=_has_related),
        "server_error": Fault("A relationship that nobody has makes the server fail.", BODY, refused(server_error, "unsupported_include")),
    },
}
