"""Limits the key-value data that callers attach to records; lengths are counted in characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, after, step_of
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from specs.conventions.metadata import Metadata

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Refuses metadata over its limits in a write of a resource that has such a member."""
    parameters: Metadata = group.parameters
    if not served.writes or served.resource is None or api.member_schema(served.resource, parameters.member) is None:
        return {}

    def limit(call: Call) -> Answer:
        for members in call.members:
            reason = _reason(parameters, members.get(parameters.member))
            if reason is not None:
                return Refusal(parameters.cause, {"name": parameters.member, "param": parameters.member, "reason": reason})
        return None

    return {Stage.VALIDATION: limit}


def _reason(parameters: Metadata, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        return "type"
    if len(value) > parameters.keys:
        return "keys"
    if any(len(key) > parameters.key_length for key in value):
        return "key_length"
    if any(len(item if isinstance(item, str) else str(item)) > parameters.value_length for item in value.values()):
        return "value_length"
    return None


def _given_metadata(site: Site, change: Callable[[dict[str, Any]], Any]) -> Callable[[Call], None]:
    def apply(call: Call) -> None:
        for members in call.members:
            if isinstance(members.get(site.parameters.member), dict):
                members[site.parameters.member] = change(members[site.parameters.member])

    return apply


def _kept_as(change: Callable[[dict[str, Any]], Any]) -> Change:
    """Keeps something else than the metadata given."""
    return lambda call, site: _given_metadata(site, change)(call)


def _counting(reason: str, too_much: Callable[[dict[str, Any], Any], bool]) -> Wrap:
    """The wrap that limits one thing otherwise, and the others as documented."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            answer = step(call)
            if isinstance(answer, Refusal) and answer.values.get("reason") != reason:
                return answer
            for members in call.members:
                value = members.get(site.parameters.member)
                if isinstance(value, dict) and too_much(value, site.parameters):
                    return Refusal(site.parameters.cause, {"name": site.parameters.member, "param": site.parameters.member, "reason": reason})
            return None

        return broken

    return wrap


def _bytes_of_keys(value: dict[str, Any], parameters: Any) -> bool:
    return _long_in_bytes(value, parameters.key_length)


def _bytes_of_values(value: dict[str, Any], parameters: Any) -> bool:
    return _long_in_bytes(value.values(), parameters.value_length)


def _never(value: dict[str, Any], parameters: Any) -> bool:  # noqa: ARG001
    return False


def _one_key_less(value: dict[str, Any], parameters: Any) -> bool:
    return len(value) >= int(parameters.keys)


def _long_in_bytes(texts: Iterable[Any], limit: int) -> bool:
    return any(len(str(text).encode()) > limit for text in texts)


def _done_all_the_same(step: Step, site: Site) -> Step:
    """Refuses metadata over its limits, and writes it."""
    effect = step_of(site, "lifecycle", Stage.EFFECT)

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is not None and (site.served.effect == "create" or call.row is not None):
            effect(call)
        return answer

    return broken


def _cutting(cut: Callable[[dict[str, Any], Any], dict[str, Any]], reason: str) -> Wrap:
    """The wrap that takes what is over a limit, and keeps a part of it."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            answer = step(call)
            if not isinstance(answer, Refusal) or answer.values.get("reason") != reason:
                return answer
            _given_metadata(site, lambda value: cut(value, site.parameters))(call)
            return None

        return broken

    return wrap


def _failing(reason: str) -> Wrap:
    """The wrap that makes the server fail where a limit is passed."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            return Refusal("server_error") if isinstance(answer, Refusal) and answer.values.get("reason") == reason else answer

        return broken

    return wrap


def _lost_on_update(call: Call, site: Site) -> None:
    if site.served.effect != "create":
        for members in call.members:
            members.pop(site.parameters.member, None)


def _in_ascii(value: dict[str, Any]) -> dict[str, Any]:
    return {_ascii(key): _ascii(item) for key, item in value.items()}


def _ascii(item: Any) -> Any:
    return item.encode("ascii", "replace").decode() if isinstance(item, str) else item


def _cut(item: Any) -> Any:
    return item[:16] if isinstance(item, str) else item


def _is_updated(spec: Spec, clause: Clause) -> bool:
    """Whether a resource that can be made is changed by an operation that the clause speaks of."""
    changed = {spec.operations[name].resource for name in clause.operations if spec.operations[name].effect in ("update", "replace")}
    return any("create" in spec.resources[name].operations for name in changed if name is not None)


_CHECKED = Stage.VALIDATION

FAULTS = {
    "metadata_comes_back": {
        "lost": Fault("Metadata is not kept.", _CHECKED, after(_kept_as(lambda value: {}))),  # noqa: ARG005
        "lower_case": Fault("Keys are kept in lower case.", _CHECKED, after(_kept_as(lambda value: {key.lower(): item for key, item in value.items()}))),
        "lost_on_update": Fault("Metadata given on an update is not kept.", _CHECKED, after(_lost_on_update), fits=_is_updated),
        "ascii": Fault("Characters that are not ASCII become question marks.", _CHECKED, after(_kept_as(_in_ascii))),
        "cut": Fault("Values are cut after 16 characters.", _CHECKED, after(_kept_as(lambda value: {key: _cut(item) for key, item in value.items()}))),
    },
    "keys_are_limited": {
        "unlimited": Fault("Any number of keys is taken.", _CHECKED, _counting("keys", _never)),
        "one_less": Fault("One key less is taken than documented.", _CHECKED, _counting("keys", _one_key_less)),
        "cut": Fault("Keys too many are dropped in silence.", _CHECKED, _cutting(lambda value, limits: dict(list(value.items())[: limits.keys]), "keys")),
        "server_error": Fault("Too many keys make the server fail.", _CHECKED, _failing("keys")),
        "done_all_the_same": Fault("Too many keys are refused, and written.", _CHECKED, _done_all_the_same),
    },
    "key_length_is_limited": {
        "unlimited": Fault("Keys of any length are taken.", _CHECKED, _counting("key_length", _never)),
        "cut": Fault(
            "A key too long is cut in silence.",
            _CHECKED,
            _cutting(lambda value, limits: {key[: limits.key_length]: item for key, item in value.items()}, "key_length"),
        ),
        "server_error": Fault("A key too long makes the server fail.", _CHECKED, _failing("key_length")),
        "bytes": Fault("A key's length is counted in bytes.", _CHECKED, _counting("key_length", _bytes_of_keys)),
        "one_less": Fault(
            "A key may be one character shorter than documented.",
            _CHECKED,
            _counting("key_length", lambda value, limits: any(len(key) >= limits.key_length for key in value)),
        ),
    },
    "value_length_is_limited": {
        "unlimited": Fault("Values of any length are taken.", _CHECKED, _counting("value_length", _never)),
        "cut": Fault(
            "A value too long is cut in silence.",
            _CHECKED,
            _cutting(lambda value, limits: {key: str(item)[: limits.value_length] for key, item in value.items()}, "value_length"),
        ),
        "server_error": Fault("A value too long makes the server fail.", _CHECKED, _failing("value_length")),
        "bytes": Fault("A value's length is counted in bytes.", _CHECKED, _counting("value_length", _bytes_of_values)),
        "one_less": Fault(
            "A value may be one character shorter than documented.",
            _CHECKED,
            _counting("value_length", lambda value, limits: any(len(str(item)) >= limits.value_length for item in value.values())),
        ),
    },
}
