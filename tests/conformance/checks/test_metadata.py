# ruff: noqa: ARG002 - the methods override others
from __future__ import annotations

import html
from typing import Any

import pytest

from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.model import Resource
from tests.conformance.checks.listed import TIMEDASH, Call, Listed, Record, Refused, verdict

ROUNDTRIP, KEYS, KEY_LENGTH, VALUE_LENGTH = (f"timedash/metadata/{slug}" for slug in ("roundtrip", "keys", "key-length", "value-length"))


class Attached(Listed):
    """Keeps metadata within its limits."""

    def taken(self, call: Call, resource: Resource) -> Record:
        members = super().taken(call, resource)
        data = members.get("metadata")
        updating = call.operation.effect == "update"
        if self.bug == "not_taken" and data is not None:
            raise Refused("invalid_parameter")
        if data is None or self.bug == "not_shown":
            members.pop("metadata", None)
            return members
        if not (self.bug == "unchecked_on_update" and updating):
            self.limited(call, resource, data, updating=updating)
        members["metadata"] = self.kept(data, updating=updating)
        return members

    def limited(self, call: Call, resource: Resource, data: dict[str, str], *, updating: bool) -> None:
        most = {"keys_19": 19, "keys_21": 21}.get(self.bug, 20)
        longest_key = {"key_39": 39, "key_41": 41}.get(self.bug, 40)
        longest = {"value_255": 255, "value_501": 501}.get(self.bug, 500)
        if any("é" in key + value for key, value in data.items()) and self.bug == "ascii_only":
            raise Refused("metadata")
        if any(not value for value in data.values()) and self.bug == "no_empty":
            raise Refused("metadata")
        units = {"bytes": lambda text: len(text.encode()), "utf16": lambda text: len(text.encode("utf-16-le")) // 2}.get(self.bug, len)
        if len(data) > most or any(units(key) > longest_key or units(value) > longest for key, value in data.items()):
            if self.bug == "cut":
                return
            if self.bug == "refused_but_done":
                self.done(call, resource, data, updating=updating)
            raise Refused("metadata", 500 if self.bug == "server_error" else 413 if self.bug == "other_status" else 400)

    def done(self, call: Call, resource: Resource, data: dict[str, str], *, updating: bool) -> None:
        given = super().taken(call, resource)
        if updating:
            self.find(call, resource).update(given)
        else:
            self.records[resource.name].append({**given, "id": "secret"})

    def kept(self, data: dict[str, str], *, updating: bool) -> dict[str, str]:
        if self.bug == "cut":
            return {key[:40]: value[:500] for key, value in list(data.items())[:20]}
        if self.bug == "lost_on_update" and updating:
            return {}
        changes = {
            "escaped": html.escape,
            "lower": lambda text: text.lower(),
            "trimmed": lambda text: text.strip(),
            "ascii": lambda text: text.encode("ascii", "replace").decode(),
        }
        change = changes.get(self.bug, lambda text: text)
        found = {change(key): change(value) for key, value in data.items()}
        return {key: value for key, value in found.items() if value} if self.bug == "empty_lost" else found

    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        before = dict(record.get("metadata") or {})
        found = super().update(call, resource, record)
        if self.bug == "merges":
            found["metadata"] = {**before, **(found.get("metadata") or {})}
        return found

    def show(self, resource: Resource, record: Record) -> Any:
        shown = super().show(resource, record)
        if self.bug == "shared":
            shown["metadata"] = next((each["metadata"] for each in reversed(self.records[resource.name]) if each.get("metadata")), {})
        if self.bug == "not_shown":
            shown.pop("metadata", None)
        return shown


def attached(clause: str, bug: str = "", **how: Any) -> Verdict:
    return verdict(clause, bug, kind=Attached, **{"write": True, **how})


@pytest.mark.parametrize("clause", [ROUNDTRIP, KEYS, KEY_LENGTH, VALUE_LENGTH])
@pytest.mark.parametrize("quirk", ["", "merges", "ascii_only", "no_empty", "utf16", "other_status"])
def test_right_implementation_passes(clause: str, quirk: str) -> None:
    assert isinstance(attached(clause, quirk), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        (ROUNDTRIP, "lower"),
        (ROUNDTRIP, "trimmed"),
        (ROUNDTRIP, "ascii"),
        (ROUNDTRIP, "empty_lost"),
        (ROUNDTRIP, "lost_on_update"),
        (ROUNDTRIP, "escaped"),
        (ROUNDTRIP, "shared"),
        (KEYS, "keys_19"),
        (KEYS, "keys_21"),
        (KEYS, "cut"),
        (KEYS, "server_error"),
        (KEYS, "refused_but_done"),
        (KEYS, "unchecked_on_update"),
        (KEY_LENGTH, "key_39"),
        (KEY_LENGTH, "key_41"),
        (KEY_LENGTH, "cut"),
        (KEY_LENGTH, "bytes"),
        (KEY_LENGTH, "unchecked_on_update"),
        (VALUE_LENGTH, "value_255"),
        (VALUE_LENGTH, "value_501"),
        (VALUE_LENGTH, "cut"),
        (VALUE_LENGTH, "bytes"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = attached(clause, bug)
    assert isinstance(found, Failed)
    assert found.operation


@pytest.mark.parametrize("clause", [ROUNDTRIP, KEYS, KEY_LENGTH, VALUE_LENGTH])
@pytest.mark.parametrize("quirk", ["not_taken", "not_shown"])
def test_objects_without_metadata_prove_nothing(clause: str, quirk: str) -> None:
    assert isinstance(attached(clause, quirk), Inconclusive)


def test_nothing_is_written_without_permission() -> None:
    assert isinstance(attached(KEYS, write=False, records=TIMEDASH), Inconclusive | Skipped)
