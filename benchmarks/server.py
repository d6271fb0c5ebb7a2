"""The servers that `pipeline` asks: python -m benchmarks.server bare|hooks PORT."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.bootstrap import house
from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from adapters.ipms.none import NoPatientSystem
from adapters.local import SystemClock
from adapters.tuning import settle
from adapters.web.hooks import hook_routes
from benchmarks.pipeline import SECRET, VERIFY


async def bare(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("OK")


def _serve(app: Starlette, port: int) -> None:
    settle()
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error", ws="none", lifespan="off")


def main(kind: str, port: int) -> None:
    if kind == "bare":
        _serve(Starlette(routes=[Route("/", bare, methods=["POST"])]), port)
        return
    gateway = Phonovation(
        PhonovationSettings(username="u", password="p", sender="Freagra", webhook_secrets=(SECRET,), verify_secrets=(VERIFY,))
    )
    with (
        tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder,
        house(
            home=Path(folder),
            database_url=f"sqlite:///{folder}/freagra.sqlite3",
            gateway=gateway,
            patient_system=NoPatientSystem(),
        ) as held,
    ):
        _serve(Starlette(routes=hook_routes({"phonovation": gateway}, held.intake, SystemClock())), port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
