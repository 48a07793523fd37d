"""What a Django project does with django-anymail's Postal backend: the outcome of each message, printed as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

KEYS = {"right": os.environ["STUB_KEY"], "wrong": "nobody"}


def sent(message: EmailMultiAlternatives) -> dict[str, Any]:
    """What anymail says of a message: by recipient its id and status, or the error."""
    try:
        message.send()
    except AnymailError as problem:
        response = getattr(problem, "response", None)
        return {"error": type(problem).__name__, "told": None if response is None else response.json()}
    status = message.anymail_status
    return {"status": sorted(status.status), "recipients": {name: [one.status, one.message_id] for name, one in status.recipients.items()}}


def main() -> None:
    """Sends, with the right key and with a wrong one."""
    which = sys.argv[1]
    anymail = {"POSTAL_API_URL": os.environ["STUB_URL"], "POSTAL_API_KEY": KEYS[which]}
    settings.configure(EMAIL_BACKEND="anymail.backends.postal.EmailBackend", ANYMAIL=anymail, DEFAULT_CHARSET="utf-8", USE_TZ=True)
    django.setup()
    whole = EmailMultiAlternatives("Grüße 日", "Hello", "Me <me@example.com>", ["Ada <ada@example.com>", "alan@example.com"], cc=["bea@example.com"])
    whole.attach_alternative("<p>Hello</p>", "text/html")
    whole.attach("notes.txt", "Some notes", "text/plain")
    whole.tags = ["welcome"]
    empty = EmailMultiAlternatives("Nothing", "", "me@example.com", ["ada@example.com"])
    print(json.dumps({"whole": sent(whole), "empty": sent(empty)}))


main()
