"""The wheel is the whole program: it works where there is no checkout."""

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.program import ROOT


@pytest.fixture(scope="module")
def freagra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command, from a wheel in an environment of its own. The packages it depends on are those of these tests."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *wheel], check=True)
    (built,) = folder.glob("freagra-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(built)], check=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")})
    # A folder named in a .pth is searched, but its own .pth files are not read: so the checkout is not among what is found.
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    yield folder / "venv" / "bin" / "freagra"
    shutil.rmtree(folder)


def run(freagra: Path, *words: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run([freagra, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_it_is_found_in_the_wheel_and_not_in_the_checkout(freagra: Path, tmp_path: Path) -> None:
    script = "import adapters, conversations, engine, rules; print(*(each.__path__[0] for each in (adapters, engine, rules)))"
    python = freagra.with_name("python")
    found = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert str(ROOT) not in found
    assert found.count(str(freagra.parents[1])) == 3


def test_what_the_browser_gets_travels_with_it(freagra: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"FREAGRA_PORT": str(port)}
    process = subprocess.Popen([freagra, "serve"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "Freagra is at" in process.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            page = client.get("/sign-in")
            assert page.status_code == 200
            assets = re.findall(r'"(/assets/[^"]+)"', page.text)
            assert {Path(each).suffix for each in assets} >= {".css", ".js"}
            assert {client.get(each).status_code for each in assets} == {200}
    finally:
        process.terminate()
        with process:
            assert process.wait(30) == 0


def test_rules_lexicons_and_migrations_travel_with_it(freagra: Path, tmp_path: Path) -> None:
    assert "Two-way SMS" in run(freagra, "--help", cwd=tmp_path)
    assert run(freagra, "simulate", "--days", "1", "--patients", "2", cwd=tmp_path)
    run(freagra, "init", cwd=tmp_path)
    assert "before: none" in run(freagra, "migrate", cwd=tmp_path)
