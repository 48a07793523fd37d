"""The store in a file: what is still there afterwards, and files that can't be used."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path

import orjson
import pytest

from mockserver import Clock, Engine
from mockserver.journal import Journal
from mockserver.server import bind_port
from mockserver.store import Equal, Key, Query, Row, StoreError, Table
from mockserver.store.lists import Limits
from mockserver.store.opening import open_store
from mockserver.store.sqlite import SqliteStore
from tests.mockserver.conftest import NOON, Caller, spec_of

TABLE = Table("", "api", "things")
HEADERS = {"Authorization": "Basic c2tfZnVsbF8xMjM0NTo=", "Content-Type": "application/json"}
WRITERS, WRITING = 4, 1.0


def filled(path: Path, **layout: str) -> SqliteStore:
    store = SqliteStore(path, layout)
    store.put(TABLE, Row("1", "a", None, {"id": 1}))
    return store


def test_records_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    filled(tmp_path / "store.db").close()
    again = SqliteStore(tmp_path / "store.db")
    assert (again.count(TABLE), again.next_number(TABLE)) == (1, 2)
    again.close()


def test_snapshot_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.db")
    store.snapshot("")
    store.delete(TABLE, "1")
    store.close()
    again = SqliteStore(tmp_path / "store.db")
    assert (again.remembers(""), again.count(TABLE)) == (True, 0)
    again.reset("")
    assert again.count(TABLE) == 1
    again.close()


def test_engine_keeps_what_was_written_and_resets_to_the_seed(tmp_path: Path) -> None:
    spec = spec_of("timedash")
    for round_ in range(3):
        engine = Engine([spec], store=open_store(f"sqlite:{tmp_path / 'store.db'}", [spec]), clock=Clock(NOON))
        caller = Caller(engine)
        assert [item["name"] for item in caller("GET", "/contacts", query="name=New").json["data"]] == ["New"] * round_
        assert caller("DELETE", "/contacts/con_0001").status == (204 if round_ == 0 else 404)
        assert caller("POST", "/contacts", {"name": "New"}).status == 200
        if round_ == 2:
            engine.reset()
            assert caller("GET", "/contacts/con_0001").status == 200
            assert caller("GET", "/contacts", query="name=New").json["data"] == []
        engine.close()


def test_threads_take_turns(tmp_path: Path) -> None:
    spec = spec_of("timedash")
    engine = Engine([spec], store=open_store(f"sqlite:{tmp_path / 'store.db'}", [spec]), clock=Clock(NOON), rate_limit=0)
    caller = Caller(engine)
    before = caller("GET", "/contacts", query="size=100").json

    def write() -> None:
        for _ in range(30):
            caller("DELETE", f"/contacts/{caller('POST', '/contacts', {'name': 'New'}).json['id']}")
            caller("GET", "/contacts", query="sort=name,desc&page=1&size=5")

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert caller("GET", "/contacts", query="size=100").json == before
    engine.close()


def test_every_api_answers_the_same_from_either_store(tmp_path: Path) -> None:
    for name in ("paydirt", "timedash", "moonrope", "88miles", "productive"):
        spec = spec_of(name)
        file = open_store(f"sqlite:{tmp_path / name}", [spec])
        callers = [Caller(Engine([spec], store=store, clock=Clock(NOON))) for store in (file, None)]
        for path in [operation.path for operation in spec.operations.values() if operation.effect == "list" and "{" not in operation.path]:
            first, second = (caller("GET", path).body for caller in callers)
            assert first == second
        file.close()


ODD = Equal("odd", True)
QUERIES = {
    "as_they_lie": Query(),
    "of_an_account": Query(account="a"),
    "sorted": Query(account="a", order=[Key("n")]),
    "sorted_by_two": Query(account="a", order=[Key("n", descending=True), Key("id", nulls_first=True)]),
    "equal": Query(account="a", tests=[ODD]),
    "equal_and_sorted": Query(account="a", tests=[ODD, Equal("third", False)], order=[Key("n"), Key("id", descending=True)]),
}


def record(number: int) -> dict[str, object]:
    return {"id": number, "n": number % 7, "odd": number % 2 == 1, "third": number % 3 == 0}


def of_length(length: int) -> SqliteStore:
    store = SqliteStore(":memory:")
    store.load(TABLE, (Row(str(number), "a", None, record(number)) for number in range(length)))
    return store


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("offset", [0, 1500])
def test_page_is_found_by_its_key(name: str, offset: int) -> None:
    store = of_length(5000)
    asked: list[str] = []
    store._link.set_trace_callback(asked.append)
    store.select(TABLE, replace(QUERIES[name], offset=offset, limit=5))
    statement = next(text for text in reversed(asked) if text.startswith("SELECT key, "))
    plan = [row[3] for row in store._link.execute(f"EXPLAIN QUERY PLAN {statement}")]
    source = "rows_1 USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" if name == "as_they_lie" else "USING PRIMARY KEY (entry>? AND entry<?)"
    assert any(step.startswith("SEARCH") and step.endswith(source) for step in plan), plan
    assert not any(step.startswith("SCAN") and "subquery" not in step for step in plan), plan
    store.close()


@pytest.mark.parametrize("name", QUERIES)
def test_page_far_down_takes_as_many_steps_as_one_near(name: str) -> None:
    counts = {length: steps_while_written(of_length(length), QUERIES[name]) for length in (1000, 20_000)}
    assert counts[20_000] <= 2 * counts[1000] <= 10_000


def steps_while_written(store: SqliteStore, query: Query) -> int:
    """The most steps of SQLite's machine that a page takes, anywhere in a list, each after a few writes."""
    _, total = store.select(TABLE, replace(query, offset=1, limit=1))
    steps: list[int] = []
    store._link.set_progress_handler(lambda: steps.append(10), 10)
    most = 0
    for number in range(10):
        store.put(TABLE, Row(str(3 * number), "a", None, record(-number)))
        store.put(TABLE, Row(f"new{number}", "a", None, record(10**6 + number)))
        store.delete(TABLE, str(3 * number + 1))
        steps.clear()
        assert len(store.select(TABLE, replace(query, offset=total * number // 10, limit=5))[0]) == 5
        most = max(most, sum(steps))
    store.close()
    return most


def test_lists_are_few_and_made_again() -> None:
    store = of_length(50)
    for _ in range(2):
        for number in range(20):
            rows, total = store.select(TABLE, Query(account="a", order=[Key("n"), Key(f"m{number}")], limit=3))
            assert ([row.key for row in rows], total) == (["0", "7", "14"], 50)
        tables = {name for (name,) in store._link.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sorted_%'")}
        assert tables == {f"sorted_{number}" for (number,) in store._link.execute("SELECT id FROM lists")}
        assert len(tables) == Limits().lists
    store.close()


def test_list_dropped_in_vain_is_there_again() -> None:
    store = of_length(50)
    queries = [Query(account="a", order=[Key("n"), Key(f"m{number}")], offset=48, limit=3) for number in range(Limits().lists + 1)]
    for query in queries[:-1]:
        store.select(TABLE, query)
    lists = store._link.execute("SELECT id, arrangement FROM lists").fetchall()

    def ask_and_fail() -> None:
        with store.transaction():
            store.delete(TABLE, "6")
            for query in queries:
                store.select(TABLE, query)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    store.delete(TABLE, "7")
    for query in queries[:-1]:
        rows, total = store.select(TABLE, query)
        assert ([row.key for row in rows], total) == (["48"], 49)
    assert store._link.execute("SELECT id, arrangement FROM lists").fetchall() == lists
    store.close()


def test_scan_may_be_left_and_the_store_written_to() -> None:
    store = of_length(2500)
    left = store.scan(TABLE, "a")
    assert next(iter(left)).key == "0"
    for number in range(20):
        store.select(TABLE, Query(account="a", order=[Key(f"m{number}")], limit=3))
    store.reset("")
    assert (store.count(TABLE), list(store.scan(TABLE, "a"))) == (0, [])
    store.close()


def test_pages_far_down_are_right_after_writes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.load(TABLE, (Row(str(number), "a", None, {"id": number, "odd": number % 2 == 1}) for number in range(6000)))

    def far_down(offset: int, *tests: Equal) -> list[str]:
        return [row.key for row in store.select(TABLE, Query(account="a", tests=[*tests], offset=offset, limit=2))[0]]

    odd = Equal("odd", True)
    assert (far_down(5000), far_down(2500, odd), far_down(5999), far_down(6000)) == (["5000", "5001"], ["5001", "5003"], ["5999"], [])
    store.delete(TABLE, "7")
    assert (far_down(5000), far_down(2500, odd)) == (["5001", "5002"], ["5003", "5005"])
    store.put(TABLE, Row("6", "a", None, {"id": 6, "odd": True}))
    assert (far_down(5000), far_down(2500, odd)) == (["5001", "5002"], ["5001", "5003"])
    store.put(TABLE, Row("0", "b", None, {"id": 0}))
    store.put(TABLE, Row("new", "a", None, {"id": 6000, "odd": True}))
    assert (far_down(5000), far_down(5998)) == (["5002", "5003"], ["new"])
    store.close()


# Files that can't be used


def text_file(path: Path) -> None:
    path.write_text("This is no database, and long enough to be told from an empty one. " * 20)


def folder(path: Path) -> None:
    path.mkdir()


def foreign(path: Path) -> None:
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE notes (text TEXT)")
    link.commit()
    link.close()


def newer(path: Path) -> None:
    filled(path).close()
    link = sqlite3.connect(path)
    link.execute("PRAGMA user_version = 99")
    link.close()


def of_other_specs(path: Path) -> None:
    filled(path, paydirt="clients by id").close()


def of_other_resources(path: Path) -> None:
    filled(path, timedash="clients by id").close()


def absent(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere" / "store.db")


PROBLEMS: list[tuple[Callable[[Path], None], str]] = [
    (text_file, "is no SQLite database"),
    (folder, "can't be opened"),
    (absent, "can't be opened"),
    (foreign, "an SQLite database of something else"),
    (newer, "has version 99"),
    (of_other_specs, "was made for paydirt, and timedash is to be served"),
    (of_other_resources, "was made for another timedash, with the resources clients by id"),
]


@pytest.mark.parametrize(("make", "told"), PROBLEMS, ids=[make.__name__ for make, _ in PROBLEMS])
def test_unusable_file_is_told_and_left_as_it_is(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=told) as raised:
        open_store(f"sqlite:{path}", [spec_of("timedash")])
    assert str(raised.value).startswith(str(path))
    assert (path.read_bytes() if path.is_file() else None) == before


def test_file_in_use_is_told(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.db")
    with pytest.raises(StoreError, match="is in use by another process"):
        SqliteStore(tmp_path / "store.db")
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_file_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    filled(path).close()
    path.chmod(0o400)
    with pytest.raises(StoreError, match="can't be written to"):
        SqliteStore(path)


@pytest.mark.parametrize("name", ["", "sqlite", "sqlite:", "memory:x", "redis://localhost"])
def test_unknown_store_is_told(name: str) -> None:
    with pytest.raises(StoreError, match="there are memory and sqlite:FILE"):
        open_store(name, [])


# The end of the disk


def room(store: SqliteStore, pages: int) -> None:
    """Lets a store's file grow by so many pages, and no more, as a full disk does."""
    link = store._link
    link.execute(f"PRAGMA max_page_count = {link.execute('PRAGMA page_count').fetchone()[0] + pages}")


def test_full_disk_is_told_and_costs_nothing_that_was_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spec = spec_of("timedash")
    store = open_store(f"sqlite:{tmp_path / 'store.db'}", [spec])
    assert isinstance(store, SqliteStore)
    caller = Caller(Engine([spec], store=store, clock=Clock(NOON), rate_limit=0, journal=Journal()))
    room(store, 2)
    answers = [caller("POST", "/contacts", {"name": "n" * 2000}) for _ in range(20)]
    made = [answer.json["id"] for answer in answers if answer.status == 200]
    refused = answers[-1]
    assert (refused.status, refused.headers["content-type"]) == (500, "application/problem+json")
    assert "store.db: can't grow: its disk is full" in refused.json["detail"]
    assert caller.engine.journal.entries()[-1].response.status == 500
    assert caplog.text.count("its disk is full") == 1
    assert {caller("GET", f"/contacts/{key}").status for key in made} == {200}
    assert caller("GET", "/__proctor/state").status == 200
    room(store, 1000)
    assert caller("POST", "/contacts", {"name": "n"}).status == 200
    assert store.count(Table("", "timedash", "contacts")) == len(spec.seed.records["contacts"]) + len(made) + 1
    caller.engine.close()


def test_file_that_cannot_grow_at_the_start_is_told(tmp_path: Path) -> None:
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); from proctor.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", limit, "serve", "timedash", "--port", "0", "--store", f"sqlite:{tmp_path / 'store.db'}"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "store.db: can't be read or written" in ran.stderr
    assert "Traceback" not in ran.stderr


# The end of the process


class Served:
    """`proctor serve` with a file, as a process of its own."""

    def __init__(self, path: Path) -> None:
        self.port = bind_port("127.0.0.1", 0)
        command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", str(self.port), "--rate-limit", "0", "--store", f"sqlite:{path}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        lines: list[str] = []
        while not any(line.startswith("Ready") for line in lines):
            lines.append(self.process.stdout.readline())
            assert lines[-1], lines

    def link(self) -> HTTPConnection:
        """A connection to it."""
        return HTTPConnection("127.0.0.1", self.port, timeout=5)

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=10)


def keep_writing(served: Served, writer: int, acknowledged: dict[str, str], unsure: set[str]) -> None:
    """Creates records, and deletes some, until the server is gone; notes what was acknowledged, and what was not."""
    with closing(served.link()) as link:
        for number in count(1):
            if not written(link, f"{writer}-{number}", number % 5 == 0, acknowledged, unsure):
                return


def written(link: HTTPConnection, name: str, dropped: bool, acknowledged: dict[str, str], unsure: set[str]) -> bool:
    """Creates a record, and deletes it where it is to be dropped; whether the server is still there."""
    unsure.add(name)
    try:
        link.request("POST", "/contacts", orjson.dumps({"name": name}), HEADERS)
        key = orjson.loads(link.getresponse().read())["id"]
        if dropped:
            link.request("DELETE", f"/contacts/{key}", headers=HEADERS)
            link.getresponse().read()
        else:
            acknowledged[key] = name
    except (OSError, HTTPException, orjson.JSONDecodeError):
        return False
    unsure.discard(name)
    return True


def stored(served: Served) -> dict[str, str]:
    """The names of the contacts that are there, by id."""
    found: dict[str, str] = {}
    with closing(served.link()) as link:
        for page in count():
            link.request("GET", f"/contacts?size=100&page={page}", headers=HEADERS)
            data = orjson.loads(link.getresponse().read())["data"]
            found.update({record["id"]: record["name"] for record in data})
            if not data:
                break
    return found


def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    first = Served(tmp_path / "store.db")
    seeded = stored(first)
    acknowledged: list[dict[str, str]] = [{} for _ in range(WRITERS)]
    unsure: list[set[str]] = [set() for _ in range(WRITERS)]
    threads = [threading.Thread(target=keep_writing, args=(first, number, acknowledged[number], unsure[number])) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    time.sleep(WRITING)
    first.kill()
    for thread in threads:
        thread.join(10)
    second = Served(tmp_path / "store.db")
    try:
        found = stored(second)
    finally:
        second.kill()
    expected = seeded | {key: name for each in acknowledged for key, name in each.items()}
    assert len(expected) > len(seeded) + 50
    assert expected.items() <= found.items()
    assert {found[key] for key in found.keys() - expected.keys()} <= set().union(*unsure)
