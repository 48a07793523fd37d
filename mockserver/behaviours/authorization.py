"""Refuses what a caller's role may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.breaking import forgiving, last_only, step_of, wrong_status, wrong_text
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step
from specs.conventions.authorization import Authorization

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses the roles to which the operation is denied."""
    parameters: Authorization = group.parameters
    denied = frozenset(name for name, role in parameters.roles.items() if "*" in role.denied or served.id in role.denied)
    if not denied or served.operation is None:
        return {}

    def authorize(call: Call) -> Answer:
        if call.principal is not None and call.principal.role in denied:
            return Refusal(parameters.cause, {"role": call.principal.role})
        return None

    return {Stage.AUTHORIZATION: authorize}


_DONE = (
    (Stage.PARSING, "content_negotiation"),
    (Stage.SELECTION, "nesting"),
    (Stage.SELECTION, "resources"),
    (Stage.VALIDATION, "lifecycle"),
    (Stage.EFFECT, "lifecycle"),
    (Stage.EFFECT, "actions"),
)


def _done_all_the_same(step: Step, site: Site) -> Step:
    """Refuses, but does what was asked before it does."""
    rest = [step_of(site, kind, stage) for stage, kind in _DONE]

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is not None:
            for done in rest:
                if done(call) is not None:
                    break
        return answer

    return broken


def _is_documented(spec: Spec, clause: Clause) -> bool:
    """Whether the document says which operations are denied; where it does not, a caller that may do one more breaks no word."""
    return bool(spec.convention(clause).parameters.documented)


def _is_denied(served: Served, site: Site) -> bool:
    """Whether the clause's role may not do the operation."""
    role = site.parameters.roles.get(site.arguments.role) if site.arguments is not None else None
    return role is not None and (served.id in role.denied or "*" in role.denied)


def _some_write_is_denied(spec: Spec, clause: Clause) -> bool:
    role = spec.convention(clause).parameters.roles.get(clause.arguments.role) if clause.arguments is not None else None  # type: ignore[attr-defined]
    denied = role.denied if role is not None else []
    effects = {spec.operations[name].effect for name in (clause.operations if "*" in denied else denied) if name in clause.operations}
    return bool(effects & {"create", "update", "replace", "delete"})


def _has_texts(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "members", []))


FAULTS = {
    "limited_role_is_refused": {
        "allowed": Fault("Roles are not looked at.", Stage.AUTHORIZATION, forgiving()),
        "one_allowed": Fault("One operation does not look at roles.", Stage.AUTHORIZATION, last_only(forgiving(), _is_denied), fits=_is_documented),
        "done_all_the_same": Fault("The caller is refused, and what was asked is done.", Stage.AUTHORIZATION, _done_all_the_same, fits=_some_write_is_denied),
        "wrong_status": Fault("The refusal has another error's status.", Stage.RENDERING, wrong_status),
        "other_text": Fault("The refusal has other texts than documented.", Stage.RENDERING, wrong_text, fits=_has_texts),
    },
}
