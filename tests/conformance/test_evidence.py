from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence import EXCERPT, KEPT, Secrets, curl, printable, told, trimmed
from conformance.exchange import Exchange, Request, Response

SECRET = 'p@ss/wörd "1"+2'
SECRETS = Secrets({"full": {"key": SECRET, "org": "42"}, "limited": {"key": "abc"}}, public=["org"])


def forms(secret: str) -> dict[str, str]:
    return {
        "raw": secret,
        "percent": quote(secret, safe=""),
        "percent, lower case": quote(secret, safe="").lower().replace("w%c3%b6rd", "w%c3%b6rd"),
        "form": quote_plus(secret),
        "JSON": json.dumps(secret)[1:-1],
        "JSON, unescaped": json.dumps(secret, ensure_ascii=False)[1:-1],
        "Basic user": base64.b64encode(f"{secret}:".encode()).decode(),
        "Basic pair": base64.b64encode(f"{secret}:42".encode()).decode(),
        "HTML": secret.replace('"', "&quot;"),
    }


@pytest.mark.parametrize("form", forms(SECRET))
def test_secret_is_found_in_every_form(form: str) -> None:
    written = forms(SECRET)[form]
    redacted = SECRETS.redact(f"before {written} after")
    assert "$PROCTOR_FULL_KEY" in redacted
    assert written not in redacted
    assert (redacted.startswith("before "), redacted.endswith(" after")) == (True, True) or "=" in written


@given(st.text(min_size=6, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_redaction(secret: str, before: str, after: str) -> None:
    redacted = Secrets({"full": {"key": secret}}).redact(before + secret + after)
    assert secret not in redacted or secret in "$PROCTOR_FULL_KEY_URLENCODED" + before + after


def test_public_field_is_no_secret() -> None:
    assert SECRETS.redact("organization 42") == "organization 42"


def test_short_secret_is_found_only_alone() -> None:
    assert SECRETS.redact("abc, abcd and key=abc") == "$PROCTOR_LIMITED_KEY, abcd and key=$PROCTOR_LIMITED_KEY"


def test_basic_credential_is_shown_as_its_parts() -> None:
    value = "Basic " + base64.b64encode(f"someone:{SECRET}".encode()).decode()
    assert SECRETS.header("authorization", value) == "Basic base64(someone:$PROCTOR_FULL_KEY)"


def test_cookies_that_are_set_keep_their_name_only() -> None:
    assert SECRETS.header("set-cookie", "session=xyz; Path=/") == "session=…"


def test_echoed_secret_is_redacted_in_body_and_headers() -> None:
    request = Request("GET", f"https://x.test/?key={quote(SECRET, safe='')}", (("X-Key", SECRET),), as_="full")
    response = Response(400, (("x-echo", SECRET),), json.dumps({"you": SECRET}).encode())
    text = json.dumps(told(Exchange(request, response, number=3), SECRETS), ensure_ascii=False)
    assert not any(form in text for form in forms(SECRET).values())
    assert text.count("$PROCTOR_FULL_KEY") >= 5


def test_secret_at_the_end_of_an_excerpt_is_not_cut_open() -> None:
    body = ("x" * (4 * EXCERPT - 5) + SECRET * 3).encode()
    excerpt, cut = SECRETS.excerpt(body)
    assert cut
    assert SECRET[:5] not in excerpt


def test_long_bodies_are_shown_in_part() -> None:
    shown = told(Exchange(Request("GET", "https://x.test/"), Response(200, (), b"x" * 100_000)), SECRETS)["response"]
    assert (len(shown["body"]), shown["truncated"], shown["size"]) == (EXCERPT, True, 100_000)


def test_long_bodies_are_kept_in_part() -> None:
    response = trimmed(Exchange(Request("GET", "https://x.test/"), Response(200, (), b"x" * 100_000))).response
    assert response is not None
    assert len(response.body) == KEPT


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_printable(text: str) -> None:
    shown = printable(text, lines=False)
    assert shown.isprintable() or not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown)


def test_escape_sequences_are_written_out() -> None:
    assert printable("a\x1b[31mred\x9b2J\u202eb\nc") == "a\\x1b[31mred\\x9b2J\\u202eb\nc"


def test_curl_line_has_variables_for_secrets() -> None:
    request = Request("GET", "https://x.test/a?key=abc&b=it's", (("X-Key", SECRET),))
    assert curl(request, SECRETS) == """curl -sS -i 'https://x.test/a?key='"$PROCTOR_LIMITED_KEY"'&b=it'\\''s' -H 'X-Key: '"$PROCTOR_FULL_KEY\""""


def test_curl_line_says_basic_credentials_as_user() -> None:
    request = Request("GET", "https://x.test/", (("Authorization", "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()),))
    assert curl(request, SECRETS).endswith("""-u "$PROCTOR_FULL_KEY"':'""")


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (Request("DELETE", "https://x.test/"), "-X 'DELETE'"),
        (Request("HEAD", "https://x.test/"), "--head"),
        (Request("GET", "https://x.test/?filter[a]=1"), "--globoff"),
        (Request("GET", "https://x.test/a/../b"), "--path-as-is"),
        (Request("GET", "https://x.test/", (("X-Empty", ""),)), "-H 'X-Empty;'"),
        (Request("POST", "https://x.test/", (), b"@file"), "-H 'Content-Type:' --data-raw '@file'"),
    ],
)
def test_curl_line_says_what_curl_would_do_otherwise(request_: Request, part: str) -> None:
    assert part in curl(request_, SECRETS)


@pytest.mark.parametrize("body", [b"\xff\x00%d'\\ 1", b"\x1b[2J", b"50% 'of' \"it\"\n", "ünï".encode()])
def test_shell_sends_the_same_bytes(body: bytes, tmp_path: Path) -> None:
    fake = tmp_path / "curl"
    fake.write_text('#!/bin/sh\nfor a; do [ "$before" = --data-raw ] && printf %s "$a"; [ "$a" = @- ] && cat; before=$a; done\nexit 0\n')
    fake.chmod(0o755)
    line = curl(Request("POST", "https://x.test/", (("Content-Type", "x/y"),), body), SECRETS)
    ran = subprocess.run(["/bin/sh", "-c", line], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, check=True)
    assert ran.stdout == body


def test_shell_puts_secrets_into_bytes(tmp_path: Path) -> None:
    fake = tmp_path / "curl"
    fake.write_text("#!/bin/sh\ncat\n")
    fake.chmod(0o755)
    line = curl(Request("POST", "https://x.test/", (), b"\xff key=abc"), SECRETS)
    ran = subprocess.run(["/bin/sh", "-c", line], env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PROCTOR_LIMITED_KEY": "it's %s"}, capture_output=True, check=True)
    assert ran.stdout == b"\xff key=it's %s"
