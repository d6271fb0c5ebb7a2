import os
from collections.abc import Callable
from pathlib import Path

from adapters.bootstrap import house
from adapters.config import load_config
from adapters.gateways.none import NoGateway
from adapters.ipms.none import NoPatientSystem

COLUMNS = "appointment_id,start,status,clinic,clinician,hospital_number,first_name,mobile\n"

Run = Callable[..., tuple[int, str, str]]


def line(number: int, *, start: str = "2030-06-20 10:00", mobile: str = "0871234567") -> str:
    return f"A-{number},{start},booked,EYE,Dr Byrne,H{number},Mary,{mobile}\n"


def test_import_takes_good_lines_and_reports_the_others(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "clinic.csv"
    path.write_text(COLUMNS + line(1) + line(2, start="soon") + line(3, mobile="01 555 0100") + '"broken\n', "utf-8")
    code, out, err = run("import", path, "--config", config, "--report", tmp_path / "refused.csv")
    assert code == 1
    assert f"{path}: 2 appointments taken into the store, 1 with something left out, 2 lines refused" in out
    assert f"{path}:3: start: is not a time" in err
    assert f"{path}:4: warning: mobile: " in err
    assert f"{path}:5: has a quote that is not closed" in err
    report = tmp_path / "refused.csv"
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.read_text("utf-8").splitlines()[0] == f"x-line,x-problems,{COLUMNS.strip()}"

    # Mended, the report itself can be imported; the lines that were taken are not needed again.
    mended = report.read_text("utf-8").replace(",soon,", ",2030-06-21 10:00,").rsplit("\n", 2)[0] + "\n"
    report.write_text(mended, "utf-8")
    code, out, err = run("import", report, "--config", config)
    assert (code, err) == (0, "")
    assert "1 appointment taken" in out


def test_import_again_takes_nothing_twice(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "clinic.csv"
    path.write_text(COLUMNS + "".join(line(number) for number in range(450)), "utf-8")
    assert "450 appointments taken into the store, 0 lines refused" in run("import", path, "--config", config)[1]
    code, out, _ = run("import", path, "--config", config)
    assert code == 0
    assert "0 appointments taken into the store, 450 known already" in out
    code, out, _ = run("rules", "list", "--config", config)
    assert "450 open conversations" in out


def test_import_of_a_file_whose_columns_cannot_be_used(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "clinic.csv"
    path.write_text("appointment_id,strat\nA-1,x\n", "utf-8")
    code, out, err = run("import", path, "--config", config, "--report", tmp_path / "refused.csv")
    assert code == 1
    assert "did you mean start" in err
    assert "0 appointments taken" in out


def test_import_keeps_the_delimiter_and_the_letters_of_the_file(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "clinic.csv"
    text = "sep=;\n\n" + COLUMNS.replace(",", ";") + line(1, start="soon").replace(",", ";").replace("Mary", "Máire")
    path.write_bytes(text.encode("cp1252"))
    code, _, _ = run("import", path, "--config", config, "--report", tmp_path / "refused.csv")
    assert code == 1
    report = (tmp_path / "refused.csv").read_text("utf-8").splitlines()
    assert report[0] == "sep=;"
    assert report[1].startswith("x-line;x-problems;appointment_id;")
    assert report[2].startswith("4;")
    assert "Máire" in report[2]


def test_import_beside_a_store_that_something_else_holds(run: Run, config: Path, tmp_path: Path) -> None:
    config.write_text('[service]\nhome = "home"\nport = 9\n', "utf-8")  # nothing listens on it
    path = tmp_path / "clinic.csv"
    path.write_text(COLUMNS + line(1), "utf-8")
    settings = load_config(config, {})
    with house(
        home=settings.home, database_url=settings.database, gateway=NoGateway(), patient_system=NoPatientSystem()
    ):
        code, _, err = run("import", path, "--config", config)
    assert code == 1
    assert f"process {os.getpid()} has this database open" in err
    assert "Nothing answers at http://127.0.0.1:9" in err
