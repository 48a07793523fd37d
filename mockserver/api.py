"""One spec compiled: its routes, callers and, for each operation, the steps that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mockserver.behaviours import BEHAVIOURS, PSEUDO
from mockserver.pipeline import Call, Pipeline, Stage, Step
from mockserver.router import Methods, Router
from mockserver.schemas import properties
from mockserver.store import Row, Table
from specs.conventions.content_negotiation import ContentNegotiation
from specs.conventions.envelope import Envelope
from specs.conventions.errors import Errors
from specs.conventions.isolation import Isolation
from specs.conventions.lifecycle import Lifecycle
from specs.conventions.resources import Resources
from specs.conventions.statuses import Statuses
from specs.model import Group, Operation, Parent, Principal, Resource, Spec

__all__ = ["Api", "Entry", "Served"]

DEFAULTS: dict[str, Any] = {
    "content_negotiation": ContentNegotiation(),
    "envelope": Envelope(style="bare", items="", item=""),
    "errors": Errors(causes={}),
    "isolation": Isolation(cause="not_found"),
    "lifecycle": Lifecycle(),
    "nesting": None,
    "resources": Resources(),
    "statuses": Statuses(success={}),
}
"""The conventions that every operation keeps, with or without a group: REST habit."""

STAGES = {
    "plain_http": Stage.TRANSPORT,
    "too_large": Stage.TRANSPORT,
    "unauthenticated": Stage.AUTHENTICATION,
    "rate_limited": Stage.RATE_LIMIT,
    "unknown_operation": Stage.ROUTING,
    "method_not_allowed": Stage.ROUTING,
    "forbidden": Stage.AUTHORIZATION,
    "foreign_account": Stage.AUTHORIZATION,
    "unsupported_media_type": Stage.NEGOTIATION,
    "not_acceptable": Stage.NEGOTIATION,
    "malformed": Stage.PARSING,
    "not_found": Stage.SELECTION,
    "parent_not_found": Stage.SELECTION,
    "foreign_record": Stage.SELECTION,
    "missing_parameter": Stage.VALIDATION,
    "invalid_parameter": Stage.VALIDATION,
    "invalid_record": Stage.VALIDATION,
    "metadata": Stage.VALIDATION,
    "unsupported_filter": Stage.VALIDATION,
    "unsupported_sort": Stage.VALIDATION,
}
"""The stage that answers a cause, for `errors.precedence`."""

COLLECTION = frozenset({"list", "create", "singleton"})
"""Effects that name no record."""

WRITES = frozenset({"create", "update", "replace"})
"""Effects that take a record's members."""

EFFECTS = frozenset({"read", "delete"}) | COLLECTION | WRITES
"""Effects that every resource may have; any other is an action's name."""


class Entry(NamedTuple):
    """One step with its place: stage, kind and the group whose parameters it holds."""

    stage: Stage
    kind: str
    group: Group
    step: Step


class Served:
    """One operation as the stub serves it. A path that is no operation has one too, with neither operation nor resource."""

    __slots__ = (
        "_table",
        "api",
        "effect",
        "entries",
        "honest",
        "id",
        "key_parameter",
        "media",
        "method",
        "names_record",
        "operation",
        "params_field",
        "parents",
        "pseudo",
        "resource",
        "stateful",
        "writes",
    )

    def __init__(self, api: Api, operation: Operation | None, *, pseudo: str = "") -> None:
        self.api = api
        self.operation = operation
        self.pseudo = pseudo
        self.id = pseudo if operation is None else operation.id
        self.method = "" if operation is None else operation.method.upper()
        self.resource: Resource | None = None
        self.effect: str | None = None
        if operation is not None and operation.resource is not None:
            self.resource = api.spec.resources[operation.resource]
            self.effect = operation.effect
        self._table = Table("", api.name, "" if self.resource is None else self.resource.name)
        self.parents = () if operation is None else api.parents_of(operation, self.resource)
        known = self.resource is not None and (self.effect in EFFECTS or api.acts(self.resource.name, self.effect))
        self.stateful = known and not self._is_lone_example()
        self.writes = self.stateful and self.effect in WRITES
        self.names_record: bool = self.stateful and self.effect not in COLLECTION
        self.key_parameter = self._key_parameter()
        negotiation: ContentNegotiation = api.parameters("content_negotiation", self)
        self.params_field = negotiation.params_field
        self.media = negotiation.response
        self.entries: list[Entry] = []
        self.honest: Pipeline

    def _is_lone_example(self) -> bool:
        """Whether the resource is a single thing of which only an example is known, since no record of it is seeded."""
        assert self.resource is not None
        return "singleton" in self.resource.operations and not self.api.spec.seed.records.get(self.resource.name)

    def _key_parameter(self) -> str | None:
        """The path parameter that names the record, or None where the path has none."""
        if self.operation is None or self.effect in COLLECTION:
            return None
        taken = {name for parent in self.parents for name in parent.parameters}
        own = [name for name in self.operation.path_parameters if name not in taken]
        return own[-1] if own else None

    def table(self, call: Call) -> Table:
        """The table of the operation's resource in the call's space."""
        space = call.space.name
        return self._table if space == self._table.space else self._table._replace(space=space)


class Api:
    """One spec, compiled. `mount` is the prefix under which the engine serves it, empty where it is alone."""

    def __init__(self, spec: Spec, mount: str = "", rate_limit: int | None = None) -> None:
        self.spec = spec
        self.rate_limit = rate_limit
        self.name = spec.api
        self.mount = mount
        self.principals = spec.seed.principals
        self.anyone = self.principals[0] if self.principals else Principal("anyone", "", "", "full", {})
        self.routes: Router[Served] = Router(self._suffixes())
        self.served = {operation.id: Served(self, operation) for operation in spec.operations.values()}
        for served in self.served.values():
            assert served.operation is not None
            self.routes.add(spec.base_path + served.operation.path, served.method, served)
        self.pseudo = {name: Served(self, None, pseudo=name) for name in PSEUDO}
        self.any_method = any(group.parameters.any_method for group in spec.groups.values() if group.kind == "resources")
        for served in (*self.served.values(), *self.pseudo.values()):
            served.entries = list(self._entries(served))
            served.honest = self.compile(served.entries, served)

    def _suffixes(self) -> set[str]:
        found: set[str] = set()
        for group in self.spec.groups.values():
            if group.kind in ("content_negotiation", "jsonp"):
                found.update(group.parameters.suffixes)
        return found

    def group(self, kind: str, served: Served) -> Group | None:
        """The group of a kind that holds for an operation: the first that names it and has parameters of its own.

        Where there is none, a kind that every operation keeps has a default.
        """
        fitting = [group for group in self.spec.groups.values() if group.kind == kind and self._holds(group, served)]
        if fitting:
            return next((group for group in fitting if group.written), fitting[0])
        if kind in DEFAULTS:
            anywhere = self.spec.group_of_kind(kind)
            parameters = DEFAULTS[kind] if anywhere is None or kind == "isolation" else anywhere.parameters
            return Group(kind, kind, parameters, tuple(self.spec.operations), {}, {})
        return None

    def _holds(self, group: Group, served: Served) -> bool:
        if served.operation is None:
            return group.kind in DEFAULTS or set(group.operations) >= set(self.spec.operations)
        return served.id in group.operations

    def parameters(self, kind: str, served: Served) -> Any:
        """The parameters of the group of a kind that holds for an operation, or None."""
        group = self.group(kind, served)
        return None if group is None else group.parameters

    def acts(self, resource: str, effect: str | None) -> bool:
        """Whether a group of actions says what an effect does."""
        groups = (group.parameters for group in self.spec.groups.values() if group.kind == "actions")
        return any(actions.resource == resource and effect in actions.actions for actions in groups)

    @property
    def foreign_parent(self) -> str:
        """The cause of naming somebody else's record as a parent."""
        isolation, errors = self.spec.group_of_kind("isolation"), self.spec.group_of_kind("errors")
        told = isolation is not None and errors is not None and isolation.parameters.cause == "foreign_record"
        return "foreign_record" if told and errors is not None and "foreign_record" in errors.parameters.causes else "parent_not_found"

    def taken_parameters(self, served: Served) -> frozenset[str]:
        """The names of query and header parameters that some convention reads and checks itself."""
        found: set[str] = set()
        for kind in ("pagination", "sorting", "filtering", "aggregation", "jsonp", "authentication", "envelope"):
            parameters = self.parameters(kind, served)
            if parameters is not None:
                found |= _names(kind, parameters)
        filtering = self.parameters("filtering", served)
        by_member = filtering is not None and filtering.style == "equality"
        if served.resource is not None and (served.writes or by_member):
            found |= {served.resource.key, *properties(served.resource.schema)}
        return frozenset(found)

    def parents_of(self, operation: Operation, resource: Resource | None) -> tuple[Parent, ...]:
        """The parents that an operation's path names."""
        if resource is None:
            return ()
        names = set(operation.path_parameters)
        found = [parent for parent in resource.parents if names & set(parent.parameters)]
        known = {parent.member for parent in found}
        for group in self.spec.groups.values():
            if group.kind == "nesting" and group.parameters.resource == resource.name and group.parameters.parameter in names:
                nesting = group.parameters
                if nesting.member not in known:
                    found.append(Parent(nesting.parent, nesting.member, (nesting.parameter,)))
        return tuple(found)

    def member_schema(self, resource: Resource, member: str) -> Mapping[str, Any] | None:
        """The schema of a record's member, or None where the resource has no such member."""
        if member == resource.key:
            return resource.key_schema
        found: Any = properties(resource.schema).get(member)
        return found if isinstance(found, Mapping) else None

    def row_of(self, call: Call, resource: str, key: Any) -> Row | None:
        """The row of another resource, by its id, whoever owns it."""
        return call.space.store.get(Table(call.space.name, self.name, resource), str(key))

    def _entries(self, served: Served) -> Iterable[Entry]:
        for kind, behaviour in BEHAVIOURS.items():
            for group in self._groups(kind, served):
                for stage, step in behaviour.steps(group, self, served).items():
                    yield Entry(stage, kind, group, step)

    def _groups(self, kind: str, served: Served) -> list[Group]:
        if kind in ("actions", "metadata"):
            return [group for group in self.spec.groups.values() if group.kind == kind and group.written and self._holds(group, served)]
        group = self.group(kind, served)
        return [] if group is None else [group]

    def compile(self, entries: list[Entry], served: Served) -> Pipeline:
        """The pipeline of an operation's steps, in the order that its errors' precedence asks for."""
        order = _order(self.parameters("errors", served).precedence)
        ranks = {kind: rank for rank, kind in enumerate(BEHAVIOURS)}
        ranked = sorted(entries, key=lambda entry: (order[entry.stage], ranks[entry.kind]))
        return Pipeline(
            tuple(entry.step for entry in ranked if entry.stage < Stage.REFUSAL),
            tuple(entry.step for entry in ranked if entry.stage is Stage.REFUSAL),
            tuple(entry.step for entry in ranked if entry.stage > Stage.REFUSAL),
        )

    def route(self, method: str, path: str) -> tuple[Served, Mapping[str, str], str, Methods[Served] | None]:
        """What serves a method and raw path, the path's parameters, its suffix, and what else the path answers to."""
        found = self.routes.find(path)
        if found is None:
            return self.pseudo["unknown_operation"], {}, "", None
        methods, values, suffix = found
        served = methods.by_method.get(method)
        if served is None and method == "HEAD":
            served = methods.by_method.get("GET")
        if served is None and method == "OPTIONS":
            served = self.pseudo["options"]
        if served is None and self.any_method and len(methods.by_method) == 1:
            served = next(iter(methods.by_method.values()))
        return served or self.pseudo["method_not_allowed"], values, suffix, methods


def _names(kind: str, parameters: Any) -> set[str]:
    """The parameters that a convention reads, by its own parameters."""
    match kind:
        case "authentication":
            carriers = [*parameters.fields.values(), *(carrier for also in parameters.also.values() for carrier in also)]
            return {carrier.name for carrier in carriers}
        case "pagination":
            names = {parameters.page, parameters.size or ""}
        case "aggregation":
            names = {parameters.parameter, parameters.group_parameter or ""}
        case "sorting":
            names = {parameters.parameter, parameters.direction or ""}
        case "envelope":
            names = {"include"} if parameters.style == "jsonapi" else set()
        case _:
            names = {parameters.parameter}
    return names | {name.partition("[")[0] for name in names}


def _order(precedence: list[str]) -> dict[Stage, int]:
    """The rank of each stage: the usual one, but the stages that the precedence names stand in its order."""
    named = list(dict.fromkeys(STAGES[cause] for cause in precedence if cause in STAGES))
    slots = sorted(named)
    order = {stage: int(stage) for stage in Stage}
    for slot, stage in zip(slots, named, strict=True):
        order[stage] = int(slot)
    return order
