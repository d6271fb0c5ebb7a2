import dataclasses
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.bootstrap import RulesBroken, house
from adapters.commands.words import parser
from adapters.config import SECTIONS, load_config, load_or_make_access
from adapters.configured import gateway_of, patient_system_of, put_in_force
from adapters.gateways.carriers import TWILIO
from adapters.gateways.none import NoGateway
from adapters.gateways.phonovation.settings import PhonovationSettings
from adapters.ipms.none import NoPatientSystem
from adapters.ipms.rest.client import RestSettings
from adapters.local import SystemClock

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
REMINDER = RULES / "appointment-reminder.yaml"
CLINIC = """\
appointment_id,start,status,clinic,hospital_number,first_name,mobile
A-1,2030-06-20 10:00,booked,EYE,H1,Mary,0871234567
"""

Run = Callable[..., tuple[int, str, str]]


# ---- wrong use -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("check",),
        ("check", "--nonsense", "x"),
        ("transcript",),
        ("transcript", "show"),
        ("transcript", "show", "abc", "--patient", "H1"),
        ("transcript", "export", "--conversation", "abc", "--patient", "H1"),
        ("rules",),
        ("simulate", "--days", "none"),
        ("simulate", "--patients", "0"),
        ("demo", "--port", "70000"),
        ("demo", "--speed", "0"),
        ("import",),
        ("check", "no-such-file.yaml"),
        ("import", "no-such-file.csv"),
        ("serve", "--config", "no-such-file.toml"),
        ("rules", "publish", "no-such-file.yaml"),
        ("simulate", "no-such-file.yaml"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_and_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out + err


@pytest.mark.parametrize(
    "command", re.findall(r"^    (freagra .+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
)
def test_the_commands_that_one_reads_of_first_are_understood(command: str) -> None:
    assert parser().parse_args(shlex.split(command, comments=True)[1:]).run is not None


def test_every_command_helps(run: Run) -> None:
    _, overview, _ = run("--help")
    commands = re.findall(r"^    ([a-z]+)\b", overview, re.MULTILINE)
    assert {"demo", "serve", "check", "chat", "import", "classify", "transcript", "simulate", "backup"} <= set(commands)
    for command in commands:
        code, out, _ = run(command, "--help")
        assert code == 0
        assert out.startswith(f"usage: freagra {command}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[service]\nprot = 1\n", "[service] has no setting prot"),
        ("[servcie]\n", "there is no section [servcie]"),
        ("service = 1\n", "is written [service]"),
        ("[service\n", "freagra.toml"),
        ("[service]\nport = 'x'\n", "port must be a number from 0 to 65535"),
        ("[service]\nbatch = 'x'\n", "batch must be a number"),
        ("[service]\nrules = 'rules.yaml'\n", "rules must be a list"),
        ("[service]\nrules = ['none.yaml']\n", "there is no file"),
        ("[service]\nhost = '192.0.2.1'\n", "cannot listen on 192.0.2.1"),
        ("[service]\ndatabase_url = 'sqlite://'\n", "needs a file"),
        ("[gateway]\nusername = 'x'\n", "needs the setting kind"),
        ("[gateway]\nkind = 'pigeon'\n", "kind must be one of: phonovation"),
        ("[gateway]\nkind = 'phonovation'\nsendr = 'x'\n", "did you mean 'sender'?"),
        ("[gateway]\nkind = 'phonovation'\n", "password is missing (it may also stand in FREAGRA_GATEWAY_PASSWORD)"),
        ("[ipms]\nbase_url = 'https://x.example'\n", "secret is missing (it may also stand in FREAGRA_IPMS_SECRET)"),
        ("[ipms]\nkind = 'fax'\n", 'kind must be "rest" or "none"'),
        ("[ipms]\nbase_url = 'http://example.org'\nsecrt = 'x'\n", "there is no setting secrt; did you mean secret?"),
        ("[ipms]\nbase_url = 'http://example.org'\nsecret = 'x'\n", "base_url must be an https address"),
        ("[ipms]\nbase_url = 1\n", "base_url must be a text in quotes"),
    ],
)
def test_wrong_settings_say_what_is_right(run: Run, tmp_path: Path, settings: str, said: str) -> None:
    path = tmp_path / "freagra.toml"
    path.write_text(settings, "utf-8")
    code, _, err = run("serve", "--config", path)
    assert code in (1, 2)
    assert said in err


def test_secrets_of_the_installation_must_not_be_open_to_all(run: Run, config: Path) -> None:
    load_or_make_access(config.parent / "home")
    (config.parent / "home" / "access.json").chmod(0o644)
    code, _, err = run("serve", "--config", config)
    assert code == 2
    assert "chmod 600" in err


def test_the_documented_settings_are_all_there_are(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "freagra.toml").read_text("utf-8")
    documented = set(re.findall(r"^#? ?([a-z_]+) = ", text, re.MULTILINE)) - {"kind"}
    own = {name for section in ("service", "console", "costs") for name in SECTIONS[section] or ()}
    fields = {field.name for kind in (PhonovationSettings, RestSettings) for field in dataclasses.fields(kind)}
    assert documented == own | fields
    # With the three secrets that it cannot hold it is a file that works.
    path = tmp_path / "freagra.toml"
    path.write_text(text.replace("verify_secrets = []", 'verify_secrets = ["theirs"]'), "utf-8")
    secrets = {"FREAGRA_GATEWAY_PASSWORD": "ours", "FREAGRA_IPMS_SECRET": "whsec_" + "QUJD" * 8}
    config = load_config(path, secrets)
    assert gateway_of(config, load_or_make_access(tmp_path)).name == "phonovation"
    assert patient_system_of(config, SystemClock()).name == "rest"
    # And what it shows is what holds where nothing is said.
    bare = load_config(tmp_path / "empty.toml", {}) if (tmp_path / "empty.toml").write_bytes(b"") == 0 else config
    assert (config.home, config.host, config.port, config.batch) == (bare.home, bare.host, bare.port, bare.batch)
    assert config.database == bare.database
    assert config.rules == bare.rules


# ---- check -----------------------------------------------------------------------------------------------------------


def test_check_of_the_shipped_rulesets(run: Run) -> None:
    code, out, _ = run("check", *sorted(RULES.glob("*.yaml")))
    assert code == 0
    files = [line for line in out.splitlines() if "talks played" in line]
    assert len(files) == len(list(RULES.glob("*.yaml")))
    mend = "have someone who speaks the language check it"
    assert out.count(mend) == len(files)  # not nine times in a file
    for line in files:  # what they are warned of is translations
        assert re.search(r": \d+ warnings?; \d+ talks played, \d+ phrase checks, (\d+) of \1 transitions", line), line


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(REMINDER.read_text("utf-8").replace("go: undelivered}", "go: undeliverd}"), "utf-8")
    return path


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    """Rules that work and could be better: one prompt is never used."""
    spare = ", ".join(f"{name}: Spare." for name in ("en", "ga", "pl", "uk", "ro", "pt", "es", "fr", "lt", "ar"))
    text = REMINDER.read_text("utf-8").replace("\nprompts:\n", f"\nprompts:\n  spare: {{{spare}}}\n")
    path = tmp_path / "warned.yaml"
    path.write_text(text, "utf-8")
    return path


def test_check_shows_errors_where_they_are(run: Run, broken: Path) -> None:
    code, out, _ = run("check", broken, REMINDER)
    assert code == 1
    assert re.search(rf"{broken}:\d+:\d+: there is no state called \"undeliverd\"; did you mean \"undelivered\"\?", out)
    assert "^~~~" in out
    assert out.rindex("warning: ", 0, out.index(f"{broken}: 1 error")) < out.index("there is no state called")
    assert re.search(rf"{broken}: 1 error, \d+ warnings; the talks are played once the errors are mended", out)
    assert re.search(rf"{REMINDER}: \d+ warnings; \d+ talks played", out)


def test_check_lets_warnings_pass_unless_strict(run: Run, warned: Path) -> None:
    assert run("check", warned)[0] == 0
    code, out, _ = run("check", "--strict", warned)
    assert code == 1
    assert "warning" in out
    assert "spare" in out


@pytest.fixture
def at_twilio(tmp_path: Path) -> Path:
    """Sound rules that teach patients a word by which Twilio stops all texts."""
    path = tmp_path / "at-twilio.yaml"
    path.write_text(REMINDER.read_text("utf-8").replace("or C to Cancel.", "or CANCEL to cancel."), "utf-8")
    return path


def test_check_refuses_what_the_carrier_takes_for_itself(run: Run, at_twilio: Path) -> None:
    assert run("check", at_twilio)[0] == 0
    assert run("check", at_twilio, "--gateway", "phonovation")[0] == 0
    code, out, _ = run("check", at_twilio, "--gateway", "twilio")
    assert code == 1
    assert 'teaches "CANCEL": at that word Twilio lets no more texts through to the phone' in out
    assert 'teach another key of "cancel": C' in out


def test_check_asks_for_the_configured_gateway(run: Run, at_twilio: Path, config: Path) -> None:
    config.write_text(config.read_text("utf-8") + '\n[gateway]\nkind = "twilio"\n', "utf-8")
    assert run("check", at_twilio, "--config", config)[0] == 1
    assert run("check", at_twilio, "--config", config, "--gateway", "simulator")[0] == 0
    assert run("check", at_twilio, "--gateway", "pigeons")[0] == 2


def test_rules_are_not_put_in_force_for_a_gateway_that_they_do_not_suit(
    run: Run, at_twilio: Path, config: Path
) -> None:
    assert run("rules", "publish", at_twilio, "--config", config)[0] == 0
    config.write_text(config.read_text("utf-8") + '\n[gateway]\nkind = "twilio"\n', "utf-8")
    assert run("rules", "publish", at_twilio, "--config", config)[0] == 1
    # Published before the gateway was another: the service does not begin with them either.
    settings = load_config(config)
    parts = {"gateway": NoGateway(), "patient_system": NoPatientSystem(), "carrier": TWILIO}
    with house(home=settings.home, database_url=settings.database, **parts) as opened, pytest.raises(RulesBroken):
        put_in_force(opened, settings)


def test_check_as_json(run: Run, broken: Path, warned: Path) -> None:
    code, out, _ = run("check", "--json", broken, warned)
    assert code == 1
    problems = json.loads(out)
    assert [problem["code"] for problem in problems if problem["severity"] == "error"] == ["R020"]
    assert "R063" in {problem["code"] for problem in problems if problem["file"] == str(warned)}
    assert {"line", "column", "code", "message"} <= problems[0].keys()
    assert {problem["severity"] for problem in json.loads(run("check", "--json", REMINDER)[1])} == {"warning"}


def test_check_of_standard_input_and_of_what_is_no_text(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ruleset: [\n"))
    code, out, _ = run("check", "-")
    assert code == 1
    assert "<stdin>:" in out
    (tmp_path / "latin.yaml").write_bytes(b"summary: caf\xe9\n")
    code, _, err = run("check", tmp_path / "latin.yaml")
    assert code == 2
    assert "is not UTF-8" in err


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_publish_puts_all_in_force_or_none(run: Run, config: Path, broken: Path, tmp_path: Path) -> None:
    code, out, _ = run("rules", "publish", "appointment-reminder", "--config", config)
    assert code == 0
    assert "appointment-reminder: in force" in out
    assert "in force already" in run("rules", "publish", REMINDER, "--config", config)[1]
    other = tmp_path / "other.yaml"
    other.write_text(REMINDER.read_text("utf-8").replace("ruleset: appointment-reminder", "ruleset: other"), "utf-8")
    code, _, err = run("rules", "publish", other, broken, "--config", config)
    assert code == 1
    assert 'did you mean "undelivered"?' in err
    assert "other" not in run("rules", "list", "--config", config)[1]


def test_what_was_published_by_hand_survives_an_import(run: Run, config: Path, warned: Path, tmp_path: Path) -> None:
    assert run("rules", "publish", warned, "--config", config)[0] == 0
    before = run("rules", "list", "--config", config)[1]
    path = tmp_path / "clinic.csv"
    path.write_text(CLINIC, "utf-8")
    assert run("import", path, "--config", config)[0] == 0
    assert run("rules", "list", "--config", config)[1] == before.replace("0 open conversations", "1 open conversation")


def test_replaced_rules_are_listed_while_conversations_keep_them(
    run: Run, config: Path, warned: Path, tmp_path: Path
) -> None:
    path = tmp_path / "clinic.csv"
    path.write_text(CLINIC, "utf-8")
    assert run("import", path, "--config", config)[0] == 0
    assert run("rules", "publish", warned, "--config", config)[0] == 0
    listed = run("rules", "list", "--config", config)[1]
    assert re.search(r"appointment-reminder  \w+  in force, published .*, 0 open conversations", listed)
    assert re.search(r"appointment-reminder  \w+  replaced, published .*, 1 open conversation\b", listed)


# ---- the program itself ----------------------------------------------------------------------------------------------


def freagra(*arguments: str, given: bytes = b"", folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "adapters.cli", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=given, capture_output=True, cwd=folder, env=environ, timeout=60, check=False)


def test_classify_reads_bytes_that_are_no_utf8() -> None:
    given = b'{"id": 1, "text": "yess"}\n{"id": 2, "text": "\xff"}\n'
    done = freagra("classify", "appointment-reminder", given=given)
    assert done.returncode == 0, done.stderr
    labels = [json.loads(each) for each in done.stdout.splitlines()]
    assert [(each["id"], each["label"]) for each in labels] == [(1, "confirm"), (2, "unknown")]


def test_a_short_command_is_quiet(run: Run, config: Path) -> None:
    run("rules", "publish", "follow-up", "--config", config)
    done = freagra("rules", "list", "--config", str(config))
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "program", ["adapters.cli check rules/appointment-reminder.yaml", "adapters.cli --help", "evaluation --help"]
)
def test_a_closed_pipe_ends_a_program_without_a_word(program: str) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", *program.split()]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    piped = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, cwd=ROOT, env=env, timeout=60, check=False)
    os.close(write)
    assert (piped.returncode, piped.stderr) == (141, b"")
