from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from conformance import OperationBinding, Permit, ResourceBinding, Target, TargetError, find, from_arguments, load
from conformance.target_file import MAX_BYTES, parse

EXAMPLE = """
api = "timedash"
url = "https://staging.example.com/api"
plain_url = "http://staging.example.com/api"      # only to see that it refuses
[credentials]
full = {key = "${TIMEDASH_KEY}"}
second = {key = "${TIMEDASH_KEY_2}"}               # same account
limited = {key = "${TIMEDASH_LIMITED}"}
other = {key = "${TIMEDASH_OTHER}"}                # another account
[resources.assignments]
path = "/assignments"
create = {title = "string", timestamp = "integer"}
[sorting]
style = "dash"
[permit]
write = true
exhaust_rate_limit = true
"""
ENVIRON = {"TIMEDASH_KEY": "k1", "TIMEDASH_KEY_2": "k2", "TIMEDASH_LIMITED": "k3", "TIMEDASH_OTHER": "k4"}
HEAD = 'api = "timedash"\nurl = "https://staging.example.com"\n'


def problems(text: str, **environ: str) -> str:
    with pytest.raises(TargetError) as caught:
        parse(text, environ=environ)
    return str(caught.value)


def test_example_of_the_design_loads() -> None:
    target = parse(EXAMPLE, environ=ENVIRON)
    assert target == Target(
        api="timedash",
        url="https://staging.example.com/api",
        plain_url="http://staging.example.com/api",
        credentials={"full": {"key": "k1"}, "second": {"key": "k2"}, "limited": {"key": "k3"}, "other": {"key": "k4"}},
        resources={"assignments": ResourceBinding(path="/assignments", create={"title": "string", "timestamp": "integer"})},
        parameters={"sorting": {"style": "dash"}},
        permit=Permit(write=True, exhaust_rate_limit=True),
    )


def test_unset_variables_are_named() -> None:
    told = problems(EXAMPLE, TIMEDASH_KEY="k1")
    assert "the environment variable TIMEDASH_KEY_2 is not set" in told
    assert "TIMEDASH_OTHER" in told
    assert "TIMEDASH_KEY is" not in told


def test_writing_must_be_permitted_in_a_file() -> None:
    assert parse(HEAD).permit == Permit(write=False, exhaust_rate_limit=False)


def test_file_is_found_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "proctor.toml").write_text(HEAD)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find() == tmp_path / "proctor.toml"
    assert load().api == "timedash"


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"is not there; .* write one with `proctor init API`"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'api = "timedash"\nurl = "\xff"', ":2: byte 0xff is not UTF-8; expected a TOML file in UTF-8; save it as UTF-8"),
        (b"#" * (MAX_BYTES + 1), "is larger than 1024 KiB"),
        (b"a = " + b"[" * 100_000, "is no TOML"),
        (b"a = " + b"9" * 10_000, "is no TOML"),
    ],
    ids=["encoding", "size", "depth", "number"],
)
def test_unreadable_content_is_told_in_words(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "proctor.toml"
    path.write_bytes(content)
    with pytest.raises(TargetError) as caught:
        load(path)
    assert told in str(caught.value)
    assert "Errno" not in str(caught.value)


def test_directory_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(TargetError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a directory; expected a TOML file in UTF-8; name the file in it, such as {tmp_path / 'proctor.toml'}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TargetError, match="is no regular file"):
        load(tmp_path / "pipe")


def test_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "proctor.toml").write_text(HEAD, encoding="utf-8-sig")
    assert load(tmp_path / "proctor.toml").api == "timedash"


def test_line_break_after_a_secret_is_told_without_it() -> None:
    with pytest.raises(TargetError) as caught:
        from_arguments("timedash", "https://x.test", credentials={"full": {"key": "${KEY}"}}, environ={"KEY": "hush\n"})
    assert str(caught.value).startswith("--credential full.key: has a line break at its end; expected the secret alone")
    assert "hush" not in str(caught.value) + problems(HEAD + '[credentials]\nfull = {key = "hush\\u0000hush"}')


@pytest.mark.parametrize(("setting", "value"), [("timeout", float("nan")), ("timeout", -1.0), ("timeout", 1e300), ("base_path", "a\nb"), ("base_path", "/é")])
def test_odd_arguments_are_told_in_words(setting: str, value: Any) -> None:
    with pytest.raises(TargetError, match=f"--{setting.replace('_', '-')}: .* is no (time|path) that can be"):
        from_arguments("timedash", "https://x.test", **{setting: value})


def test_text_that_is_no_toml_is_told_with_its_line() -> None:
    assert "line 1" in problems("api = = 1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('url = "https://x.test"', 'api is missing; expected api = "…"'),
        ('api = "a"', "url is missing"),
        ('api = 1\nurl = "https://x.test"', "api: 1 is an integer; expected a text"),
        ('api = "a"\nurl = "x.test"', "is no URL that can be asked"),
        ('api = "a"\nurl = "https://me:pw@x.test"', "has a user name in it"),
        ('api = "a"\nurl = "https://x.test?key=1"', "has a query"),
        (HEAD + 'plain-url = "x"', "did you mean 'plain_url'?"),
        (HEAD + "timeout = nan", "timeout: nan is no time that can be waited; expected a number of seconds from 0.1 to 3600"),
        (HEAD + "timeout = 0", "timeout: 0 is no time that can be waited"),
        (HEAD + 'base_path = "/a b"', "base_path: '/a b' is no path that can be asked"),
        (HEAD + '[headers]\n"a b" = "x"', "[headers] 'a b': is no name of a header"),
        (HEAD + '[headers]\na = "x\\r\\ny"', "[headers] a: can't be sent; expected a text of one line, in Latin-1"),
        (HEAD + "timeout = true", "True is a boolean; expected a number"),
        (HEAD + '[credentials]\nfull = "k"', 'full = {key = "…"}'),
        (HEAD + "[credentials]\nfull = {key = 1.5}", "1.5 is a number"),
        (HEAD + '[resources.a]\npaht = "/a"', "[resources.a] paht: is not known here"),
        (HEAD + "[resources.a]\npath = 1", "[resources.a] path: 1 is an integer"),
        (HEAD + "[resources]\na = 1", "an integer stands alone"),
        (HEAD + "[resources.a.members]\nname = 1", "[resources.a.members] name"),
        (HEAD + "[operations.a]\nverb = 'GET'", "[operations.a] verb"),
        (HEAD + "[permit]\nwrites = true", "did you mean 'write'?"),
        (HEAD + "[permit]\nwrite = 'yes'", "'yes' is a text; expected true or false"),
        (HEAD + "[headers]\nX-A = 1", "[headers] X-A"),
        (HEAD + "[checks]\nskip = 'page'", "is no list of texts"),
    ],
)
def test_mistake_is_told_with_its_place(text: str, told: str) -> None:
    assert told in problems(text)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(TargetError) as caught:
        parse(HEAD + "timeout = 'long'\n[permit]\nwrites = true\nwrite = 1")
    assert len(caught.value.problems) == 3


def test_other_tables_are_parameters() -> None:
    target = parse(HEAD + "[page]\nsize = 'per_page'\n[errors.causes.not_found]\nstatus = 404\n[checks]\nonly = ['page']")
    assert target.parameters == {"page": {"size": "per_page"}, "errors": {"causes": {"not_found": {"status": 404}}}}
    assert target.only == ("page",)


def test_operations_are_bound() -> None:
    target = parse(HEAD + "[operations.list]\nmethod = 'POST'\npath = '/all'\n[operations.read]\nabsent = true")
    assert target.operations == {"list": OperationBinding("POST", "/all"), "read": OperationBinding(absent=True)}


def test_numbers_of_credentials_become_texts() -> None:
    assert parse(HEAD + "[credentials]\nfull = {organization = 42}").credentials == {"full": {"organization": "42"}}


def test_arguments_permit_writing() -> None:
    target = from_arguments("timedash", "http://127.0.0.1:8000", credentials={"full": {"key": "${K}"}}, environ={"K": "secret"})
    assert (target.permit.write, target.permit.exhaust_rate_limit, target.credentials) == (True, False, {"full": {"key": "secret"}})


def test_arguments_may_rule_writing_out() -> None:
    assert not from_arguments("timedash", "http://127.0.0.1:8000", permit=Permit()).permit.write


def test_mistaken_arguments_are_named_as_written() -> None:
    with pytest.raises(TargetError, match=r"--url: '127\.0\.0\.1:8000' is no URL"):
        from_arguments("timedash", "127.0.0.1:8000")
    with pytest.raises(TargetError, match="--credential full key: the environment variable NONE is not set"):
        from_arguments("timedash", "http://x.test", credentials={"full": {"key": "${NONE}"}}, environ={})
