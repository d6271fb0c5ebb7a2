"""Where logs go and what they never hold: addresses, query strings, and the words of patients."""

from __future__ import annotations

import logging
import logging.config
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO


class Discreet(logging.Formatter):
    """Of an exception it shows type and place, never the words, which may quote what a patient wrote."""

    def formatException(self, ei: Any) -> str:
        _, error, trace = ei
        return _frames(error, trace)


def _frames(error: BaseException | None, trace: TracebackType | None) -> str:
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
    kind = "" if error is None else f"{type(error).__module__}.{type(error).__qualname__}"
    cause = None if error is None else error.__cause__ or error.__context__
    before = f"\n  after\n{_frames(cause, cause.__traceback__)}" if cause is not None else ""
    return "\n".join([*lines, f"  {kind} (its words are left out)"]) + before


class _StandardError(logging.StreamHandler[TextIO]):
    """Whatever standard error is at the moment of writing."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def configure_logging(level: str) -> None:
    """Everything on standard error; `level` is that of our own loggers."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": Discreet, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
            "handlers": {"stderr": {"()": _StandardError, "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "freagra": {"level": level},
                "uvicorn": {"level": "WARNING"},
                "transitions": {"level": "ERROR"},
                # At INFO it logs every address that it calls, query and all.
                "httpx": {"level": "WARNING"},
            },
        }
    )
