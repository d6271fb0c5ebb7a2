"""python -m benchmarks PART ...: one of those below; all if none."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from adapters.commands.output import piped
from adapters.tuning import settle
from benchmarks import checking, cluster, console, impact, large, listing, memory, opening, pipeline, reading, replying

PARTS: dict[str, Callable[[], None]] = {
    "replying": replying.run,
    "reading": reading.run,
    "memory": memory.run,
    "pipeline": pipeline.run,
    "opening": opening.run,
    "listing": listing.run,
    "checking": checking.run,
    "impact": impact.run,
    "cluster": cluster.run,
    "large": large.run,
    "console": console.run,
}


def main() -> int:
    logging.disable(logging.WARNING)
    settle()
    for name in sys.argv[1:] or PARTS:
        if name not in PARTS:
            raise SystemExit(f"there is no benchmark {name}; there are {', '.join(PARTS)}")
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(piped(main))
