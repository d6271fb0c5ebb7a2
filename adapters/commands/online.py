"""A service that runs: what `freagra rules` and `freagra erase` ask of it, by a person's name and password."""

from __future__ import annotations

import getpass
import http.client
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from adapters.commands.check import painted, read_text
from adapters.commands.output import Failure, Paint
from adapters.config import Config
from conversations.database import in_use
from engine.problems import Problem

_SECONDS = 120.0  # every talk of every file is played before the answer
PASSWORD = "FREAGRA_PASSWORD"


def runs(config: Config) -> bool:
    """Whether a service has the store and answers where the settings say that it listens."""
    if not config.shared and not in_use(config.database):
        return False
    connection = http.client.HTTPConnection(urlsplit(config.address).netloc, timeout=3.0)
    try:
        connection.request("GET", "/healthz")
        return b'"status"' in connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def ask(config: Config, act: str, files: Sequence[Path], by: str, why: str) -> int:
    """Have the service push or publish these files, and say what became of each. Raises Failure."""
    fields = [("name", by), ("password", _password(by)), ("why", why)]
    for path in files:
        fields += [("file", str(path)), ("source", read_text(str(path)).removeprefix("\ufeff"))]
    status, found = _asked(config.address, f"/files/rules/{act}", urlencode(fields))
    for line in found.get("done", ()):
        print(line)
    paint = Paint(sys.stderr)
    for problem in found.get("problems", ()):
        print(painted(_problem(problem), paint), end="\n\n", file=sys.stderr)
    if status != 200:
        raise Failure(str(found.get("message", f"the service answers {status}")))
    return 0


def erase(config: Config, number: str, by: str, why: str) -> None:
    """Have the service erase a patient. Raises Failure."""
    fields = [("name", by), ("password", _password(by)), ("patient", number), ("why", why)]
    status, found = _asked(config.address, "/erasures", urlencode(fields))
    if status != 200:
        raise Failure(str(found.get("message", f"the service answers {status}")))


def _problem(said: Mapping[str, Any]) -> Problem:
    names = ("file", "line", "column", "code", "message", "severity", "hint", "source", "length")
    return Problem(**{name: said[name] for name in names})


def _password(by: str) -> str:
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise Failure(f"the service runs, so it wants to know who you are: give {by}'s password in {PASSWORD}", 2)
    return getpass.getpass(f"The service runs. Password of {by} at the console: ")


def _asked(address: str, path: str, body: str) -> tuple[int, dict[str, Any]]:
    # Not through a proxy that the environment may name: the service is on this machine.
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_SECONDS)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": address, "Sec-Fetch-Site": "same-origin"}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        read = answer.read()
    except (OSError, http.client.HTTPException) as fault:
        raise Failure(f"the service at {address} does not answer: {fault or type(fault).__name__}") from fault
    finally:
        connection.close()
    try:
        found = orjson.loads(read)
    except orjson.JSONDecodeError:
        raise Failure(f"the service at {address} answers {answer.status}, and not as this Freagra would") from None
    return answer.status, found if isinstance(found, dict) else {}
