"""The two cookies of the console."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

SESSION, NOTICE = "freagra", "notice"
_NOTICE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cookies:
    """`secure`: they travel over https alone, and the prefix __Host- keeps other hosts of the domain from setting them.
    Chromium and Firefox count this very machine as https; the demonstration, which must open in any browser, does without."""

    secure: bool = True

    def name(self, cookie: str) -> str:
        return f"__Host-{cookie}" if self.secure else cookie

    def read(self, request: Request, cookie: str) -> str:
        return request.cookies.get(self.name(cookie), "")

    def put(self, answer: Response, cookie: str, value: str) -> None:
        lasting = _NOTICE_SECONDS if cookie == NOTICE else None  # a session's goes with the browser
        answer.set_cookie(self.name(cookie), value, lasting, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, answer: Response, cookie: str) -> None:
        answer.delete_cookie(self.name(cookie), path="/", secure=self.secure, httponly=True, samesite="lax")
