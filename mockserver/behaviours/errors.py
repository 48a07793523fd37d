"""What a refusal looks like: the status, body and texts of its cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, crashing, last_only, other_status_of, refused, rewrite, server_error, text_of, thaw
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Site, Stage, Step, Wrap
from mockserver.pointer import ABSENT
from mockserver.refusals import USUAL, Refuser
from mockserver.schemas import Validator
from specs.conventions.errors import CauseAnswered

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Turns a refusal into status, headers and document."""
    refuser = Refuser(api, served)

    def refuse(call: Call) -> Answer:
        assert call.refusal is not None
        call.status, headers, call.media, call.document = refuser.answer(call.refusal)
        call.headers.update(headers)
        return None

    return {Stage.REFUSAL: refuse}


def _named(site: Site, member: str) -> list[str]:
    """Where a named member of an error may stand."""
    return list(site.parameters.members.get(member, [f"/{member}"]))


def _change_member(name: Callable[[Site], str], value: Callable[[Any, Site], Any]) -> Change:
    def change(call: Call, site: Site) -> None:
        call.document = rewrite(thaw(call), _named(site, name(site)), lambda found: value(found, site))

    return change


def _other_shape(call: Call, site: Site) -> None:  # noqa: ARG001
    call.document = {"problem": {"text": "Something is wrong."}}


def _misshapen(call: Call, site: Site) -> None:
    """Takes a named member away, or gives it another type, whichever the documented shape does not allow."""
    document, errors = thaw(call), site.parameters
    if document is EMPTY:
        return  # nothing is left that could have a shape
    validator = Validator(errors.shape or {})
    for change in (lambda value: ABSENT, lambda value: {"wrong": value}, lambda value: 7):  # noqa: ARG005
        for pointers in errors.members.values():
            wrong = rewrite(document, pointers, change)
            if not validator.accepts(wrong):
                call.document = wrong
                return
    _other_shape(call, site)


def _place_is_known(spec: Spec, clause: Clause) -> bool:
    """Whether the document shows where the parts of an error stand; where several readings pass, another one may."""
    return "anyOf" not in (spec.convention(clause).parameters.shape or {})


def _no_body(call: Call, site: Site) -> None:  # noqa: ARG001
    call.document = EMPTY


def _other_status_inside(call: Call, site: Site) -> None:
    call.document = rewrite(thaw(call), [site.parameters.status_at or ""], lambda value: value + 1 if isinstance(value, int) else "0")


def _entries(value: Callable[[Any], Any]) -> Change:
    def change(call: Call, site: Site) -> None:
        call.document = rewrite(thaw(call), [site.arguments.at], value)

    return change


def _blank(value: Any) -> Any:
    """Entries of the same number that say nothing."""
    if not isinstance(value, list):
        return value
    return [dict.fromkeys(entry, "") if isinstance(entry, dict) else "" for entry in value]


_BROUGHT_ABOUT = {
    "missing": {"missing_parameter", "invalid_parameter", "invalid_record"},
    "wrong_type": {"invalid_parameter", "invalid_record"},
    "outside_enum": {"invalid_parameter", "invalid_record"},
    "empty": {"invalid_parameter", "invalid_record", "missing_parameter"},
    "not_an_object": {"malformed", "invalid_parameter", "invalid_record"},
    "malformed_json": {"malformed", "invalid_parameter"},
    "unknown_id": {"not_found"},
    "wrong_parent": {"parent_not_found", "not_found"},
}
"""The causes that the stub sees in the mistakes that a clause names."""

_MEANT = {"invalid_parameter": ("missing", "wrong_type", "outside_enum", "empty", "not_an_object")}
"""The mistakes that are a cause, where a clause names none."""


def _concerned(change: Change) -> Wrap:
    """The wrap that changes the answers to the cause that the clause is about, whatever mistake brought it about."""

    def wrap(step: Step, site: Site) -> Step:
        arguments = site.arguments
        named = arguments.mistakes if isinstance(arguments, CauseAnswered) else _MEANT.get(arguments.cause, ())
        causes = {arguments.cause, *(cause for mistake in named for cause in _BROUGHT_ABOUT[mistake])}
        return refused(change, *causes)(step, site)

    return wrap


_OF_RECORDS = {"not_found", "foreign_record"}
_OF_MEMBERS = {"invalid_record", "metadata", "client_id", "conflict"}


def _can_bring_about(served: Served, site: Site) -> bool:
    """Whether a call of the operation can bring the clause's cause about: by a record that it names, or by members that it writes."""
    cause = site.arguments.cause
    if cause in _OF_RECORDS:
        return served.names_record
    if cause == "parent_not_found":
        return bool(served.parents)
    return served.writes if cause in _OF_MEMBERS else True


def _misstatus(call: Call, site: Site) -> None:
    assert call.refusal is not None
    call.status = other_status_of(site, site.arguments.cause if site.arguments.cause in site.parameters.causes else call.refusal.cause)


def _success(call: Call, site: Site) -> None:
    """Answers as though nothing had been wrong."""
    envelope = site.api.parameters("envelope", site.served)
    call.status = 200
    call.document = rewrite(thaw(call), [envelope.outcome.member], lambda value: envelope.outcome.success[0]) if envelope.outcome is not None else {}  # noqa: ARG005


def _member_values(site: Site, member: str) -> list[Any]:
    return [cause.values[member] for cause in site.parameters.causes.values() if member in cause.values]


def _another_value(found: Any, site: Site) -> Any:
    """The value that another cause gives to the member, or one that none does."""
    return next((value for value in _member_values(site, site.arguments.member) if value not in (found, site.arguments.value)), "other")


def _never_for(which: slice) -> Wrap:
    """The wrap that gives some of the causes the status that is not theirs."""

    def change(call: Call, site: Site) -> None:
        call.status = site.arguments.status

    def wrap(step: Step, site: Site) -> Step:
        causes = set(site.arguments.never_for[which])
        seen = {like for like in (*USUAL,) if like in causes or (like == "invalid_record" and "missing_parameter" in causes)}
        return refused(change, *seen)(step, site)

    return wrap


def _other_text(call: Call, site: Site) -> None:
    for member in site.arguments.members:
        call.document = rewrite(thaw(call), _named(site, member), lambda value: "Something Else")  # noqa: ARG005


def _undocumented(found: Any, site: Site) -> Any:  # noqa: ARG001
    return "other_error"


def _in_capitals(found: Any, site: Site) -> Any:  # noqa: ARG001
    return str(found).upper()


def _no_such_name(found: Any, site: Site) -> Any:  # noqa: ARG001
    return "zz_no_such_parameter"


def _number(found: Any, site: Site) -> Any:  # noqa: ARG001
    return len(str(found))


def _internal_name(found: Any, site: Site) -> Any:  # noqa: ARG001
    return f"col_{found}_1"


def _falling_over(text: str) -> Wrap:
    """The wrap that makes the server fail where a text of the request matches."""
    wrong = re.compile(text)

    def on(call: Call, site: Site) -> bool:  # noqa: ARG001
        texts = (*call.values.values(), *call.query.values(), call.request.body.decode("utf-8", "replace"))
        return any(wrong.search(found) for found in texts)

    return crashing(on)


def _member(site: Site) -> str:
    return str(site.arguments.member)


def _tells_status(spec: Spec, clause: Clause) -> bool:
    return spec.convention(clause).parameters.status_at is not None


def _has_texts(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "members", []))


_INVALID = ("invalid_record", "invalid_parameter", "missing_parameter")
_UNKNOWN = ("not_found", "parent_not_found", "foreign_record")
_STRANGE_QUERIES = ("unsupported_filter", "unsupported_filter_value", "unsupported_sort", "unsupported_aggregate", "unsupported_group", "invalid_query")

FAULTS = {
    "error_body_has_shape": {
        "misshapen": Fault("Errors lack a documented member, or it has another type.", Stage.RENDERING, refused(_misshapen)),
        "other_shape": Fault("Errors have a body of another shape.", Stage.RENDERING, refused(_other_shape), fits=_place_is_known),
        "unknown_record_only": Fault("Only the refusal of an unknown record is misshapen.", Stage.RENDERING, refused(_misshapen, *_UNKNOWN)),
        "html": Fault("Errors are pages of HTML.", Stage.RENDERING, refused(lambda call, site: text_of(call, site, call.status))),
        "no_body": Fault("Errors have no body.", Stage.RENDERING, refused(_no_body)),
        "other_status_inside": Fault("The status in the body is not that of the answer.", Stage.RENDERING, refused(_other_status_inside), fits=_tells_status),
    },
    "entries_say_something": {
        "none": Fault("There are no entries.", Stage.RENDERING, refused(_entries(lambda value: []))),  # noqa: ARG005
        "blank": Fault("The entries are empty.", Stage.RENDERING, refused(_entries(_blank))),
        "null": Fault("The only entry is null.", Stage.RENDERING, refused(_entries(lambda value: [None]))),  # noqa: ARG005
    },
    "cause_is_answered": {
        "other_status": Fault("The cause has another error's status.", Stage.RENDERING, _concerned(_misstatus)),
        "success": Fault("The cause is answered as a success.", Stage.RENDERING, _concerned(_success)),
        "server_error": Fault("The cause is answered as a fault of the server.", Stage.RENDERING, _concerned(server_error)),
        "one_operation": Fault("In one operation, the cause has another error's status.", Stage.RENDERING, last_only(_concerned(_misstatus), _can_bring_about)),
        "other_text": Fault("The cause has other texts than documented.", Stage.RENDERING, _concerned(_other_text), fits=_has_texts),
    },
    "member_is_one_of": {
        "other_value": Fault("The member has a value that is not documented.", Stage.RENDERING, refused(_change_member(_member, _undocumented))),
        "upper_case": Fault("The member has its value in capitals.", Stage.RENDERING, refused(_change_member(_member, _in_capitals))),
        "number": Fault("The member is a number.", Stage.RENDERING, refused(_change_member(_member, _number))),
        "unknown_record_only": Fault(
            "Only for an unknown record, the member has a value that is not documented.",
            Stage.RENDERING,
            refused(_change_member(_member, _undocumented), *_UNKNOWN),
        ),
    },
    "cause_gives_member": {
        "another_value": Fault("The cause gives the member another value.", Stage.RENDERING, _concerned(_change_member(_member, _another_value))),
        "undocumented": Fault(
            "The cause gives the member a value that is not documented.", Stage.RENDERING, _concerned(_change_member(_member, _undocumented))
        ),
    },
    "param_names_a_parameter": {
        "no_such_name": Fault("The member names what is no parameter of the request.", Stage.RENDERING, refused(_change_member(_member, _no_such_name))),
        "internal_name": Fault("The member has a name that only the server knows.", Stage.RENDERING, refused(_change_member(_member, _internal_name))),
    },
    "status_is_never_for": {
        "all": Fault("Every one of the causes has the status.", Stage.RENDERING, _never_for(slice(None))),
        "first": Fault("The first of the causes has the status.", Stage.RENDERING, _never_for(slice(0, 1))),
        "last": Fault("The last of the causes has the status.", Stage.RENDERING, _never_for(slice(-1, None))),
    },
    "no_input_causes_a_server_error": {
        "malformed": Fault("A body that can't be read makes the server fail.", Stage.RENDERING, refused(server_error, "malformed")),
        "invalid": Fault("An invalid value makes the server fail.", Stage.RENDERING, refused(server_error, *_INVALID)),
        "unknown_id": Fault("An unknown id makes the server fail.", Stage.RENDERING, refused(server_error, "not_found")),
        "emoji": Fault("A character beyond the basic plane makes the server fail.", Stage.PARSING, _falling_over(r"[\U00010000-\U0010ffff]|\\u[dD][89abAB]")),
        "quote": Fault("A quote makes the server fail.", Stage.PARSING, _falling_over(r"'|%27")),
        "nul": Fault("A NUL makes the server fail.", Stage.PARSING, _falling_over(r"\x00|\\u0000")),
        "huge_number": Fault("A number of more than 64 bits makes the server fail.", Stage.PARSING, _falling_over(r"(?<!\d)\d{20,}(?!\d)")),
        "strange_query": Fault("A strange query makes the server fail.", Stage.RENDERING, refused(server_error, *_STRANGE_QUERIES)),
    },
}
