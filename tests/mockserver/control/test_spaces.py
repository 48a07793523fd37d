"""Spaces: state, clock, faults and limits of their own."""

from __future__ import annotations

import pytest

from mockserver import Clock, Engine
from tests.mockserver.conftest import NOON, Caller, spec_of
from tests.mockserver.control.conftest import Plane, engine_of


def names(caller: Caller, space: str | None = None) -> list[str]:
    headers = {} if space is None else {"x_proctor_space": space}
    return [one["id"] for one in caller("GET", "/contacts", query="size=100", **headers).json["data"]]


def test_spaces_do_not_share_records(caller: Caller) -> None:
    before = names(caller)
    assert caller("DELETE", "/contacts/con_0001", x_proctor_space="one").status == 204
    assert names(caller, "one") == before[1:]
    assert names(caller, "two") == before
    assert names(caller) == before


def test_spaces_make_the_same_ids(caller: Caller) -> None:
    made = [caller("POST", "/contacts", {"name": "New"}, x_proctor_space=space).json["id"] for space in ("one", "two")]
    assert made[0] == made[1]


def test_spaces_have_their_own_clock(plane: Plane) -> None:
    plane.within("one")("POST", "/clock/advance", {"seconds": 60})
    times = [plane.within(space)("GET", "/clock").json["now"] for space in ("one", "two")]
    assert (times, plane("GET", "/clock").json["now"]) == ([NOON + 60, NOON], NOON)


def test_space_begins_with_the_clock_as_it_was_at_the_start(plane: Plane) -> None:
    plane("POST", "/clock/advance", {"seconds": 60})
    assert plane.within("one")("GET", "/clock").json == {"now": NOON, "time": "2014-05-13T17:00:00Z", "frozen": True}


def test_spaces_have_their_own_faults(plane: Plane, caller: Caller) -> None:
    honest = caller("GET", "/assignments").body
    plane.within("one")("PUT", "/faults", {"on": ["timedash/page/default"]})
    assert caller("GET", "/assignments", x_proctor_space="one").body != honest
    assert caller("GET", "/assignments", x_proctor_space="two").body == honest
    assert caller("GET", "/assignments").body == honest


def test_space_begins_with_the_faults_that_the_server_began_with() -> None:
    plane = Plane(engine_of("timedash", faults=["timedash/page/default"]))
    plane("DELETE", "/faults")
    assert plane.within("one")("GET", "/faults").json["on"] == ["timedash/page/default"]


def test_spaces_are_limited_each_for_itself(caller: Caller) -> None:
    statuses = [caller("GET", "/contacts", x_proctor_space="one").status for _ in range(121)]
    assert (statuses[-1], caller("GET", "/contacts", x_proctor_space="two").status, caller("GET", "/contacts").status) == (429, 200, 200)


def test_spaces_state_is_read_put_and_reset_alone(plane: Plane) -> None:
    one = plane.within("one")
    one("PUT", "/state/timedash/contacts", {"records": []})
    counts = [space("GET", "/state/timedash/contacts").json["total"] for space in (one, plane, plane.within("two"))]
    assert counts == [0, 60, 60]
    one("POST", "/state/reset")
    assert one("GET", "/state/timedash/contacts").json["total"] == 60


def test_deleted_space_begins_anew(plane: Plane, caller: Caller) -> None:
    one = plane.within("one")
    one("PUT", "/state/timedash/contacts", {"records": []})
    one("PUT", "/faults", {"on": ["timedash/page/default"]})
    caller("GET", "/contacts", x_proctor_space="one")
    assert plane("DELETE", "/spaces/one").status == 204
    assert plane("GET", "/spaces").json["spaces"] == []
    assert one("GET", "/journal").json["exchanges"] == []
    assert one("GET", "/faults").json["on"] == []
    assert one("GET", "/state/timedash/contacts").json["total"] == 60


def test_space_that_is_not_there_cannot_be_deleted(plane: Plane) -> None:
    assert plane("DELETE", "/spaces/one").status == 404


def test_spaces_are_listed(plane: Plane) -> None:
    plane.within("one")("PUT", "/faults", {"on": ["timedash/page/default"]})
    plane.within("two")("GET", "/clock")
    clock = {"now": NOON, "time": "2014-05-13T17:00:00Z", "frozen": True}
    told = [{"name": "one", "faults": ["timedash/page/default"], "clock": clock}, {"name": "two", "faults": [], "clock": clock}]
    assert plane("GET", "/spaces").json == {"limit": 64, "spaces": told}


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "-a", ".", "é", "a" * 65, "one, two", "a\n"])
def test_wrong_name_is_refused_everywhere(plane: Plane, caller: Caller, name: str) -> None:
    for answer in (caller("GET", "/contacts", x_proctor_space=name), plane.within(name)("GET", "/state")):
        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert plane("GET", "/spaces").json["spaces"] == []


def test_too_many_spaces_are_refused_with_what_to_do() -> None:
    plane = Plane(engine_of("timedash", max_spaces=2))
    caller = Caller(plane.engine)
    statuses = [caller("GET", "/contacts", x_proctor_space=name).status for name in ("one", "two", "three", "one")]
    refused = caller("GET", "/contacts", x_proctor_space="three").json
    assert statuses == [200, 200, 409, 200]
    assert "DELETE /__proctor/spaces/NAME" in refused["detail"]
    plane("DELETE", "/spaces/one")
    assert caller("GET", "/contacts", x_proctor_space="three").status == 200


def test_replay_knows_no_difference() -> None:
    engine = Engine([spec_of("timedash")], mode="replay", clock=Clock(NOON))
    caller = Caller(engine)
    assert caller("GET", "/contacts", x_proctor_space="one").body == caller("GET", "/contacts").body
