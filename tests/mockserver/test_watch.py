"""A spec that changes while it is served: what is kept, what follows it, and what keeps it out."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import Clock, Engine, Request
from mockserver.reloading import UnfitError, reload
from mockserver.store.sqlite import SqliteStore
from mockserver.watch import watching
from specs import load

SPEC: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": {"operationId": "listThings", "responses": {"200": {"description": "All"}}},
            "post": {"operationId": "createThing", "responses": {"200": {"description": "It"}}},
        },
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "readThing", "responses": {"200": {"description": "It"}}},
            "delete": {"operationId": "deleteThing", "responses": {"204": {"description": "Gone"}}},
        },
    },
    "x-resources": {
        "things": {
            "singular": "thing",
            "plural": "things",
            "key": "id",
            "schema": {"$ref": "thing.json"},
            "operations": {"list": ["listThings"], "create": ["createThing"], "read": ["readThing"], "delete": ["deleteThing"]},
        }
    },
    "x-seed": {"$ref": "seed.json"},
}
THING = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}


def seed(*names: str) -> dict[str, Any]:
    records = [{"account": "a", "user": None, "record": {"id": number, "name": name}} for number, name in enumerate(names, 1)]
    return {"principals": [{"name": "full", "account": "a", "user": "u", "role": "full", "credential": {"key": "k"}}], "records": {"things": records}}


class Files:
    """A spec in three files, which a test writes to."""

    def __init__(self, folder: Path) -> None:
        self.spec = folder / "things.json"
        self.write("thing.json", THING)
        self.write("seed.json", seed("one", "two"))
        self.write("things.json", SPEC)

    def write(self, name: str, value: Any) -> None:
        path = self.spec.parent / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def schema(self, **properties: Any) -> None:
        self.write("thing.json", {**THING, **properties})


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The spec's files."""
    return Files(tmp_path)


def engine_of(files: Files, **options: Any) -> Engine:
    return Engine([load(files.spec)], **options)


def call(engine: Engine, method: str, path: str, body: Any = None, space: str | None = None) -> Any:
    headers = {"content-type": "application/json"} | ({"x-proctor-space": space} if space else {})
    answer = engine.handle(Request(method, path, "", headers, b"" if body is None else json.dumps(body).encode()))
    assert answer.status < 300, answer
    return json.loads(answer.body) if answer.body else None


def names(engine: Engine, space: str | None = None) -> list[str]:
    return [thing["name"] for thing in call(engine, "GET", "/things", space=space)]


# What is kept


def test_records_outlast_a_change_of_the_rest(files: Files) -> None:
    engine = engine_of(files)
    call(engine, "POST", "/things", {"name": "mine"})
    files.write("things.json", {**SPEC, "info": {"title": "Renamed", "version": "2"}})
    assert reload(engine, load(files.spec)) == []
    assert engine.apis["things"].spec.title == "Renamed"
    assert names(engine) == ["one", "two", "mine"]


def test_new_operation_is_served(files: Files) -> None:
    engine = engine_of(files)
    paths = json.loads(json.dumps(SPEC["paths"]))
    paths["/more"] = {"get": {"operationId": "more", "responses": {"200": {"description": "More"}}}}
    assert engine.handle(Request("GET", "/more")).status == 404
    files.write("things.json", {**SPEC, "paths": paths})
    reload(engine, load(files.spec))
    assert engine.handle(Request("GET", "/more")).status == 200


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_seed_is_followed_where_nobody_touched_it(files: Files, tmp_path: Path, store: str) -> None:
    engine = engine_of(files, store=SqliteStore(tmp_path / "things.db", {"things": "things by id"}) if store == "sqlite" else None)
    call(engine, "POST", "/things", {"name": "mine"})
    call(engine, "DELETE", "/things/2")
    files.write("seed.json", seed("ONE", "TWO", "seeded"))
    reload(engine, load(files.spec))
    assert names(engine) == ["ONE", "mine"]
    engine.reset()
    assert names(engine) == ["ONE", "TWO", "seeded"]
    engine.close()


def test_timers_outlast_a_change_of_the_seed(tmp_path: Path) -> None:
    root, spec, seed_file = Path(__file__).parents[2], tmp_path / "88miles.yaml", tmp_path / "fixtures" / "88miles" / "seed.json"
    shutil.copytree(root / "fixtures" / "88miles", seed_file.parent)
    spec.write_text((root / "specs" / "apis" / "88miles.yaml").read_text(encoding="utf-8").replace("../../fixtures", "fixtures"), encoding="utf-8")
    engine = Engine([load(spec)], clock=Clock(1_400_000_400))
    headers = {"authorization": "Bearer miles-full-token", "content-type": "application/json"}

    def told(method: str, path: str, body: bytes = b"") -> Any:
        return json.loads(engine.handle(Request(method, f"/api/1{path}", "", headers, body)).body)["response"]

    one, two = (project["uuid"] for project in told("GET", "/projects.json")[:2])
    told("POST", f"/projects/{one}/punch_in.json")
    engine.clock.advance(60)
    told("POST", f"/projects/{two}/punch_in.json")
    seed_file.write_text(seed_file.read_text(encoding="utf-8").replace("Minima Works", "Maxima Works"), encoding="utf-8")
    reload(engine, load(spec))
    engine.clock.advance(30)
    after = [told("PUT", f"/projects/{uuid}.json", b'{"project": {}}') for uuid in (one, two)]
    assert [(project["running"], project["grand_total"]) for project in after] == [(False, 60), (True, 30)]


def test_each_space_keeps_its_own(files: Files) -> None:
    engine = engine_of(files)
    call(engine, "DELETE", "/things/1", space="mine")
    files.write("seed.json", seed("one", "TWO"))
    reload(engine, load(files.spec))
    assert (names(engine), names(engine, "mine"), names(engine, "new")) == (["one", "TWO"], ["TWO"], ["one", "TWO"])


def test_untouched_records_follow_the_schema(files: Files) -> None:
    engine = engine_of(files)
    files.schema(required=["colour"])
    files.write("seed.json", {"principals": seed()["principals"], "records": {"things": []}})
    reload(engine, load(files.spec))
    assert names(engine) == []


# What keeps it out


def test_record_that_no_longer_fits_keeps_the_old_spec(files: Files) -> None:
    engine = engine_of(files)
    call(engine, "POST", "/things", {"name": "a long name"})
    files.schema(properties={"id": {"type": "integer"}, "name": {"type": "string", "maxLength": 5}})
    before = engine.apis["things"]
    with pytest.raises(UnfitError, match=r'^things: there is 1 record that no longer fits: 3 \("a long name" is longer than 5 characters\)$'):
        reload(engine, load(files.spec))
    assert engine.apis["things"] is before
    assert names(engine) == ["one", "two", "a long name"]
    call(engine, "DELETE", "/things/3")
    reload(engine, load(files.spec))


def test_resource_that_is_gone_keeps_the_old_spec(files: Files) -> None:
    engine = engine_of(files)
    call(engine, "POST", "/things", {"name": "mine"}, space="mine")
    bare = {key: value for key, value in SPEC.items() if not key.startswith("x-")}
    files.write("things.json", {**bare, "paths": {"/other": {"get": {"operationId": "other", "responses": {"200": {"description": "It"}}}}}})
    with pytest.raises(UnfitError, match=r"^space mine: things is gone, but there is 1 record of it: 3$"):
        reload(engine, load(files.spec))
    engine.reset(engine.spaces.get("mine"))
    reload(engine, load(files.spec))
    assert engine.handle(Request("GET", "/things")).status == 404
    assert engine.handle(Request("GET", "/other")).status == 200


def test_file_made_for_other_resources_keeps_the_old_spec(files: Files, tmp_path: Path) -> None:
    engine = engine_of(files, store=SqliteStore(tmp_path / "things.db", {"things": "things by id"}))
    files.write("things.json", {key: value for key, value in SPEC.items() if not key.startswith("x-")} | {"paths": {}})
    with pytest.raises(UnfitError, match="the store's file was made for other resources"):
        reload(engine, load(files.spec))
    engine.close()


def test_faults_that_are_gone_are_told(files: Files) -> None:
    engine = engine_of(files, transport_faults=["latency=1s@readThing", "truncate@listThings"])
    paths = {"/things": SPEC["paths"]["/things"]}
    resource = {**SPEC["x-resources"]["things"], "operations": {"list": ["listThings"], "create": ["createThing"]}}
    files.write("things.json", {**SPEC, "paths": paths, "x-resources": {"things": resource}})
    told = reload(engine, load(files.spec))
    assert len(told) == 1
    assert told[0].startswith("The fault latency=1s@readThing is taken out: ")
    assert engine.main.transport is not None
    assert engine.main.transport.texts == engine.spaces.get("new").transport.texts == ("truncate@listThings",)  # type: ignore[union-attr]


# The files


def watched(files: Files, engine: Engine, *changes: Callable[[], None]) -> list[str]:
    """What is told of some changes, one after the other."""
    told: list[str] = []

    async def run() -> None:
        task = asyncio.ensure_future(watching([str(files.spec)], told.append, every=0.02)(engine))
        await asyncio.sleep(0.15)
        for number, change in enumerate(changes, 1):
            change()
            async with asyncio.timeout(5):
                while len(told) < number:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        task.cancel()

    asyncio.run(run())
    return told


def test_change_of_the_spec_or_what_it_refers_to_is_seen(files: Files) -> None:
    engine = engine_of(files)
    told = watched(
        files,
        engine,
        lambda: files.write("things.json", {**SPEC, "info": {"title": "Renamed", "version": "2"}}),
        lambda: files.write("seed.json", seed("ONE", "two")),
    )
    assert told == [f"{files.spec} has changed, and is served as it is now."] * 2
    assert engine.apis["things"].spec.title == "Renamed"
    assert names(engine) == ["ONE", "two"]


def test_broken_spec_is_told_and_the_old_one_kept(files: Files) -> None:
    engine = engine_of(files)
    told = watched(
        files,
        engine,
        lambda: files.write("things.json", "openapi: ["),
        lambda: files.write("things.json", {**SPEC, "x-seed": {"$ref": "late.json"}}),
        lambda: files.write("late.json", seed("late", "two")),
    )
    assert "has changed, but can't be read. What was served before still is.\n" in told[0]
    assert "things.json:1:" in told[0]
    assert "late.json' does not exist" in told[1]
    assert told[2].endswith("is served as it is now.")
    assert names(engine) == ["late", "two"]


def test_unfit_state_is_told_with_what_to_do(files: Files) -> None:
    engine = engine_of(files)
    call(engine, "POST", "/things", {"name": "a long name"})
    told = watched(files, engine, lambda: files.schema(properties={"id": {"type": "integer"}, "name": {"type": "string", "maxLength": 5}}))
    assert "what is kept has no place in it. What was served before still is. Change the spec, or drop the records" in told[0]
    assert "3 (" in told[0]


def test_file_put_in_place_of_another_is_seen(files: Files, tmp_path: Path) -> None:
    engine = engine_of(files)

    def swap() -> None:
        other = tmp_path / "other.json"
        other.write_text(json.dumps({**SPEC, "info": {"title": "Swapped", "version": "2"}}))
        shutil.copystat(files.spec, other)
        os.replace(other, files.spec)

    watched(files, engine, swap)
    assert engine.apis["things"].spec.title == "Swapped"
