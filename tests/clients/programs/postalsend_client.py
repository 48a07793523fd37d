"""What a program does with postalsend, which speaks HTTPS alone and says null where it was told nothing: printed as JSON."""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit

from postalsend import login, send


def main() -> None:
    """Sends a whole message, one of which only what is needed is said, and one with a wrong key."""
    server = urlsplit(os.environ["STUB_URL"]).netloc
    login(server, os.environ["STUB_KEY"])
    attached = [{"name": "note.txt", "content_type": "text/plain", "data": "QSBub3Rl"}]
    done = {
        "whole": send(
            "me@example.com", ["ada@example.com"], cc=["alan@example.com"], subject="Hello", html_body="<p>Hello", attachments=attached, bounce=False
        ),
        "bare": send("me@example.com", ["ada@example.com"], plain_body="Hello"),
    }
    login(server, "nobody")
    done["stranger"] = send("me@example.com", ["ada@example.com"], plain_body="Hello")
    print(json.dumps(done))


main()
