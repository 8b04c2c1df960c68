"""Whom the data are about, and what opens doors, stand nowhere but where the documents say.

A customer, their words and the addresses of alerts are marked; then the product is used from end to end, and everything that
it wrote is searched: what it printed and logged, every file, every table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as parquet
import pytest

from cx.folders import PROJECT, Folders
from cx.ingest import archive
from tests.conftest import write_csv
from tests.e2e.browser import free_port
from tests.given import MONDAY

ID, MAIL, NAMED, PHONE = "zylinder-4711", "zyl.marker@example.org", "Ann Zylinderhut", "+49 151 23456789"
WHOSE = (ID, MAIL, "zyl.marker", "Zylinderhut", "23456789")
"""What tells who a customer is; none of it is kept."""
WORDS = "quinquagesima"
"""A customer's own word, which is kept in the store and the archive, and stands nowhere else."""
SECRETS = ("hunter2pass", "hunter2path", "hunter2token")
NOW = MONDAY + timedelta(days=9, hours=12)

RULES = """
[[rule]]
name = "Late"
on = "freshness"
to = ["lead"]
"""
SOURCES = """
[[sources]]
name = "desk"
url = "http://localhost:{port}/export.csv"
authorization = "DESK_TOKEN"
"""

STORY = """
import logging, sys
from pathlib import Path
from cx.__main__ import main
from cx.errors import QueryError
from cx.folders import Folders
from cx.query import Query
from cx.store import Store

out = sys.argv[1]
for command in sys.argv[2:]:
    print("$", command)
    print("=", main(command.split("|")))
store = Store.open(Folders.default().store)
for sql in ("select cast(text as integer) from interactions where text <> 'It is fine.'", "select nothing from interactions where text = $told"):
    try:
        store.run(Query("broken", sql, {"told": "quinquagesima"} if "$" in sql else {}))
    except QueryError as error:
        with Path(out).open("a") as file:
            file.write(str(error))
        logging.getLogger("cx.test").error("%s", type(error).__name__)
store.close()
"""


class Written(NamedTuple):
    """What was printed and logged, and the folders with what was written."""

    told: str
    folders: Folders


def rows() -> list[dict[str, object]]:
    """Three weeks of a small company, in which a customer complains who says who they are."""
    said = f"My name is {NAMED}, {WORDS}. Write to {MAIL} or call {PHONE}."
    common = {
        "source": "desk",
        "channel": "web",
        "product": "Lamp",
        "text": "It is fine.",
        "csat": "4",
        "customer_id": "c",
    }
    found = []
    for day in range(-14, 9):
        at = MONDAY + timedelta(days=day, hours=10)
        for kind, count in (("order", 4), ("contact", 3), ("complaint", 2 if day < 0 else 9)):
            for each in range(count):
                told = {
                    "interaction_id": f"{kind} {day} {each}",
                    "kind": kind,
                    "occurred_at": at.isoformat(" "),
                }
                if kind == "order":
                    told |= {
                        "order_id": told["interaction_id"],
                        "units": "1",
                        "amount": "10",
                        "csat": "",
                        "text": "",
                    }
                if kind == "complaint":
                    told |= {"text": said, "customer_id": ID if each % 2 else MAIL, "reason": "broken"}
                found.append(common | told)
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    root = tmp_path_factory.mktemp("secrets")
    folders, port = Folders(root / "data").make(), free_port()
    (folders.reference / "alerts.toml").write_text(RULES)
    (folders.reference / "sources.toml").write_text(SOURCES.format(port=port))
    kept = write_csv(root / "kept.csv", rows())
    wrong = write_csv(
        root / "wrong.csv",
        [
            rows()[-1] | {"csat": MAIL, "interaction_id": "w"},
            rows()[-1] | {"occurred_at": NAMED, "text": PHONE},
        ],
    )
    broken = root / "broken.csv"
    broken.write_text(f"{MAIL},{ID},{WORDS}\n1,2,3\n")
    commands = [
        f"ingest|{kept}|{wrong}|{broken}", "check", f"brief|--format|html|--out|{root / 'briefs'}", "fetch", "alerts", "alerts|--send|lead", "doctor",
    ]  # fmt: skip
    environment = {
        **os.environ, "CX_DATA": str(folders.root), "CX_NOW": NOW.isoformat(), "CX_LOG": "debug", "COLUMNS": "1000", "HOME": str(root),
        "CX_ALERT_LEAD": f"json://me:{SECRETS[0]}@localhost:{port}/{SECRETS[1]}", "DESK_TOKEN": f"Bearer {SECRETS[2]}",
    }  # fmt: skip
    (root / "briefs").mkdir()
    done = subprocess.run([sys.executable, "-c", STORY, str(root / "error.txt"), *commands], cwd=PROJECT, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    return Written(done.stdout + done.stderr, folders)


def test_all_of_it_was_done(written: Written) -> None:
    """Otherwise nothing to be found would say nothing."""
    told = written.told
    assert "Traceback" not in told
    for one in ("kept.csv: ", "2 refused", "Set aside broken.csv", "lead", "desk"):
        assert one in told
    assert {path.suffix for path in (written.folders.root.parent / "briefs").iterdir()} == {".html"}


def as_documented(path: Path, folders: Folders) -> bool:
    """Refused rows and files set aside stay as they came, for some days (docs/privacy.md)."""
    return path.name == archive.REFUSED or path.is_relative_to(folders.refused)


def contents(path: Path) -> str:
    """Everything in a file, as text; of a table each cell as well, as it may be packed."""
    found = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        found += json.dumps(parquet.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as store:
            for (table,) in store.execute("select table_name from duckdb_tables()").fetchall():
                found += json.dumps(
                    store.execute(f'from "{table}"').fetchall(), default=str, ensure_ascii=False
                )
    return found


def files(written: Written) -> dict[str, str]:
    """What the product wrote, by where."""
    data = [path for path in written.folders.root.rglob("*") if path.is_file()]
    briefs = [*(written.folders.root.parent / "briefs").iterdir()]
    return {
        str(path): contents(path) for path in [*data, *briefs] if not as_documented(path, written.folders)
    }


@pytest.mark.parametrize("marks", [pytest.param(WHOSE, id="whose"), pytest.param(SECRETS, id="secrets")])
def test_who_a_customer_is_and_what_opens_doors_is_written_nowhere(
    written: Written, marks: tuple[str, ...]
) -> None:
    places = files(written)
    assert len(places) > 5
    found = [
        (mark, where)
        for where, text in places.items()
        for mark in marks
        if mark.casefold() in text.casefold()
    ]
    assert found == []


@pytest.mark.parametrize("mark", [*WHOSE, *SECRETS, WORDS])
def test_neither_the_log_nor_what_is_printed_tells_of_a_customer_or_a_secret(
    written: Written, mark: str
) -> None:
    assert [line for line in written.told.splitlines() if mark.casefold() in line.casefold()] == []


def test_a_customers_words_stand_in_the_store_and_the_archive_alone(written: Written) -> None:
    found = {Path(where).suffix for where, text in files(written).items() if WORDS in text}
    assert found == {".duckdb", ".parquet"}


def test_the_error_of_a_query_quotes_no_value(written: Written) -> None:
    assert WORDS not in (written.folders.root.parent / "error.txt").read_text()
