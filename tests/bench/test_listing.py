"""The spec that everyone is given is whole, and its list is as long as is said."""

from __future__ import annotations

from pathlib import Path

from bench.listing import written
from mockserver import Engine
from mockserver.exchange import Request
from specs import load


def test_replay_gives_the_same_bytes(tmp_path: Path) -> None:
    listing = written(tmp_path)
    answer = Engine([load(listing.spec)], mode="replay").handle(Request("GET", listing.base + listing.path))
    assert answer.status == 200
    assert answer.body == listing.body.read_bytes()
    assert 4_600 < len(answer.body) < 4_900
