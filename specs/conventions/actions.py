"""What a record can be told to do: guards, effects, and a timer of which one runs per user."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from specs.conventions.rule import Carrier, Rule

__all__ = ["RULES", "Action", "Actions", "Guard", "Limit", "Tags", "Timer"]


class Guard(Struct, frozen=True, forbid_unknown_fields=True):
    """A state in which an action is refused."""

    member: str
    equals: Any
    cause: str = "closed"


class Action(Struct, frozen=True, forbid_unknown_fields=True):
    """What one action needs and does."""

    inputs: Annotated[dict[str, list[Carrier]], Meta(description="Its inputs and where each may travel.")] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    set: Annotated[dict[str, Any], Meta(description="Members that it sets on the record.")] = field(default_factory=dict)
    starts: Annotated[bool, Meta(description="True where it starts the record's timer.")] = False
    stops: Annotated[bool, Meta(description="True where it stops the record's timer.")] = False


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """Members that follow from a limit and the time counted."""

    limit: str
    left: str
    over: str
    nearly: str
    nearly_from: Annotated[float, Meta(description="The part of the limit from which it is nearly over.")] = 0.8


class Tags(Struct, frozen=True, forbid_unknown_fields=True):
    """Comma separated tags of a record, with which each new entry of its timer begins."""

    member: Annotated[str, Meta(description="The record's member that holds them.")]
    entry: Annotated[str, Meta(description="The entry's member that takes them, as a list.")]
    also: Annotated[str | None, Meta(description="The member of `also` that takes them, as text.")] = None


class Timer(Struct, frozen=True, forbid_unknown_fields=True):
    """The members that a running timer shows."""

    running: str
    started: Annotated[str | None, Meta(description="The start, in seconds since the epoch; null while it does not run.")] = None
    total: Annotated[str | None, Meta(description="Seconds of all users.")] = None
    own_total: Annotated[str | None, Meta(description="Seconds of the calling user.")] = None
    current: Annotated[str | None, Meta(description="The member that shows the open entry.")] = None
    entry: Annotated[
        dict[str, Any],
        Meta(description="The entry's members: constants, or `{start}`, `{stop}`, `{record}`, `{user}`, `{uuid}`, `{<input>}`."),
    ] = field(default_factory=dict)
    also: Annotated[dict[str, Any], Meta(description="Further members that the answer to a start shows.")] = field(default_factory=dict)
    tags: Tags | None = None
    limit: Limit | None = None
    one_per_user: bool = False


class Actions(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `actions`."""

    actions: Annotated[dict[str, Action], Meta(description="By effect: the name that an operation of the resource bears.")]
    resource: str
    timer: Timer | None = None


RULES = {
    "starting_runs": Rule("After a start the record runs, from now, with an open entry that has the inputs given."),
    "one_runs_per_user": Rule("Starting another record stops the one that runs."),
    "stopping_adds_the_time": Rule("A stop ends the running record, takes its inputs and adds the time to the totals."),
    "closed_refuses_to_start": Rule("A closed record is inactive and can't be started."),
    "reopened_can_start": Rule("A reopened record is active and can be started."),
    "limit_members_follow": Rule("Time left and being over follow from limit and time; null where there is no limit."),
    "totals_count_the_time": Rule("The totals count the time in seconds, up to now while running."),
}
