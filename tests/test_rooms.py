"""The rooms of the house: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What each room may import of the other rooms.
MAY = {"engine": set(), "conversations": {"engine"}, "adapters": {"engine", "conversations"}}
# I/O, clocks and chance, none of which the engine may touch.
BARRED_IN_ENGINE = {
    "asyncio", "cryptography", "httpx", "os", "random", "redis", "requests", "secrets", "socket", "sqlalchemy", "sqlite3",
    "starlette", "subprocess", "threading", "time", "uvicorn",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_imports_run_one_way() -> None:
    for room, allowed in MAY.items():
        for path in (ROOT / room).rglob("*.py"):
            others = imported(path) & (MAY.keys() - {room})
            assert others <= allowed, f"{path.relative_to(ROOT)} imports {others - allowed}"


def test_the_engine_touches_no_outside() -> None:
    for path in (ROOT / "engine").rglob("*.py"):
        found = imported(path) & BARRED_IN_ENGINE
        assert not found, f"{path.relative_to(ROOT)} imports {found}"


def test_only_the_composition_root_and_commands_reach_for_real_parts() -> None:
    """conversations/ knows adapters through its ports only: nothing there names a gateway, an iPMS or the web."""
    for path in (ROOT / "conversations").rglob("*.py"):
        assert not imported(path) & {"starlette", "uvicorn", "httpx"}, path
