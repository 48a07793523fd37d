"""`proctor serve`: what it refuses to begin with, in words, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proctor.__main__ import main
from proctor.serve import _stored
from specs import catalogue, load

LIBRARY = Path(__file__).parents[1] / "specs" / "data" / "library.yaml"


def serve(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["serve", "--port", "0", *arguments], env=environment)


def copied(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    return str(shutil.copy(LIBRARY, folder / name))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "nowhere.invalid"], "--host 'nowhere.invalid': stands for no address"),
        (["--host", ""], "--host '': stands for no address"),
        (["--host", "198.51.100.77"], "give --host an address of this machine"),
        (["--host", "[2001:db8::77]"], "2001:db8::77:0: can't be listened on"),
        (["--clock", "nan"], "nan is no moment from 1970 to 9998"),
        (["--clock", "-1"], "-1 is no moment"),
        (["--clock", "1e300"], "1e+300 is no moment"),
        (["--records", "999999999"], "at most 10000000 are made"),
        (["--records", "99999999999"], "at most 10000000 are made"),
        (["--records", "timedash/nothing=5"], "there is no such list"),
        (["--records", "-5"], "expected a number of records"),
        (["--control-token", "schlüssel"], "is not printable ASCII"),
        (["--control-token", " a"], "is not printable ASCII"),
        (["--store", "sqlite:/no/such/folder/x.db"], "can't be opened"),
        (["--store", "redis"], "no store is called so"),
        (["--transport-fault", "latency"], "latency is written as in latency=200ms"),
        (["--tls-cert", "only.pem"], "both together"),
        (["--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key"], "--tls-cert /no/such.pem: can't be read"),
        (["timedash"], "timedash: is named twice; leave one of the two away"),
        ([str(catalogue.find("timedash"))], "timedash.yaml: is named twice"),
        (["timedsh"], "timedsh: no such API or file"),
    ],
    ids=lambda value: " ".join(value)[-50:] if isinstance(value, list) else "",
)
def test_mistake_is_told_in_words(arguments: list[str], told: str) -> None:
    result = serve("timedash", *arguments)
    assert told in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("options", "told"), [(["--fault", "timedash/page/walk"], "--fault has"), (["--records", "9", "--store", "redis"], "--store, --records have")]
)
def test_replay_tells_of_options_without_effect(options: list[str], told: str) -> None:
    assert (
        f"Note: --replay answers with the documented examples and nothing else, so that {told} no effect."
        in serve("timedash", "--replay", *options, "--host", "?").output
    )


def test_token_of_the_environment_is_held_against_the_same() -> None:
    assert "PROCTOR_CONTROL_TOKEN" in serve("timedash", PROCTOR_CONTROL_TOKEN="é").output


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, other = copied(tmp_path / "a", "notes.yaml"), copied(tmp_path / "b", "notes.yaml")
    result = serve(one, other)
    assert f"{one}, {other}: both are called 'notes'" in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize("name", ["__proctor", "two words", "a%2fb", "é"])
def test_name_that_is_no_path_is_refused_beside_others(tmp_path: Path, name: str) -> None:
    result = serve(copied(tmp_path, f"{name}.yaml"), "timedash")
    assert "rename the file" in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize("option", ["--port", "--plain-port"])
def test_taken_port_is_told_with_its_option(taken: int, option: str) -> None:
    result = serve("timedash", option, str(taken))
    assert f"127.0.0.1:{taken}: can't be listened on" in result.output
    assert f"choose another with {option}, or 0" in result.output
    assert result.exit_code == 2


def test_name_of_a_host_is_listened_on() -> None:
    command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", "0", "--host", "localhost"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as server:
        assert server.stdout is not None
        assert "http://127.0.0.1:" in server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=10)
    assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.25, 0.4, 0.55, 0.7])
def test_signal_before_it_is_ready_ends_it_in_words(number: signal.Signals, seconds: float) -> None:
    command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        time.sleep(seconds)
        server.send_signal(number)
        _, errors = server.communicate(timeout=10)
    assert server.returncode in (0, 130, -signal.SIGINT)
    assert errors in ("", "Interrupted.\n")


def test_many_records_are_spoken_of_before_they_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    for number in ("49999", "50000"):
        _stored([load("timedash")], "memory", (number,))
    assert capsys.readouterr().err == "Making 50000 records …\n"


def test_file_with_records_is_not_filled_which_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", "0", "--records", "30", "--store", f"sqlite:{tmp_path / 'kept.db'}"]
    printed = []
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as server:
            assert server.stdout is not None
            printed.append([server.stdout.readline()])
            while not printed[-1][-1].startswith("Ready"):
                printed[-1].append(server.stdout.readline())
                assert printed[-1][-1]
            server.send_signal(signal.SIGTERM)
    assert [lines[0].startswith("Note: ") for lines in printed] == [False, True]
    assert "kept.db has its records already; --records fills a new file" in printed[1][0]


def test_server_goes_on_where_nobody_reads_what_it_prints() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "proctor", "serve", "timedash", "--port", str(port)]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as server:
        os.close(write)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        time.sleep(0.3)
        assert server.poll() is None
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=10)
    assert server.returncode == 0, errors
