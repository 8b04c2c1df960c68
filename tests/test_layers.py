"""The lines between the layers: who may import whom, and where SQL may stand."""

import ast
import re
from pathlib import Path

import pytest

from cx.folders import PROJECT

FILES = sorted([*(PROJECT / "cx").rglob("*.py"), *(PROJECT / "pages").glob("*.py"), PROJECT / "app.py"])
ABOVE_STREAMLIT = ("app.py", "pages/", "cx/ui/")
MAY_KNOW_DUCKDB = ("cx/store.py", "cx/ingest", "cx/engine")


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def imports_of(prefix: str, package: str) -> set[str]:
    used = {found for path in FILES if name(path).startswith(prefix) for found in imports(path)}
    return {found for found in used if found == package or found.startswith(f"{package}.")}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_ui_and_pages_know_streamlit(path: Path) -> None:
    knows = any(found.split(".")[0] == "streamlit" for found in imports(path))
    assert not knows or name(path).startswith(ABOVE_STREAMLIT)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_engine_knows_what_a_plain_installation_has_not(path: Path) -> None:
    knows = {found.split(".")[0] for found in imports(path)} & {"pyspark", "pysail", "sqlglot", "grpc"}
    assert not knows or name(path).startswith("cx/engine")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_store_ingest_and_engine_know_duckdb(path: Path) -> None:
    knows = any(found.split(".")[0] == "duckdb" for found in imports(path))
    assert not knows or name(path).startswith(MAY_KNOW_DUCKDB)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("cx/model.py", "cx"),
        ("cx/errors.py", "cx.model"),
        ("cx/errors.py", "cx.store"),
        ("cx/words.py", "cx"),
        ("cx/query.py", "cx.store"),
        ("cx/query.py", "cx.questions"),
        ("cx/stats.py", "cx.store"),
        ("cx/stats.py", "cx.questions"),
        ("cx/store.py", "cx.questions"),
        ("cx/store.py", "cx.ingest"),
        ("cx/charts.py", "cx.store"),
        ("cx/charts.py", "cx.questions"),
        ("cx/questions/", "cx.ui"),
        ("cx/questions/", "cx.ingest"),
        ("cx/questions/", "cx.demo"),
        ("cx/ingest", "cx.questions"),
        ("cx/ingest", "cx.ui"),
        ("cx/questions/", "cx.telling"),
        ("cx/telling/", "cx.ui"),
        ("cx/telling/", "cx.store"),
        ("cx/pictures.py", "cx.store"),
        ("cx/pictures.py", "cx.questions"),
        ("cx/brief/", "cx.ui"),
        ("cx/brief/", "cx.ingest"),
        ("cx/questions/", "cx.brief"),
        ("cx/telling/", "cx.brief"),
        ("cx/alerts/", "cx.ui"),
        ("cx/alerts/", "cx.demo"),
        ("cx/questions/", "cx.alerts"),
        ("cx/telling/", "cx.alerts"),
        ("cx/ui/", "cx.demo"),
        ("cx/ingest", "cx.engine"),
        ("cx/rollups", "cx.engine"),
        ("cx/engine", "cx.questions"),
        ("cx/access", "cx.store"),
        ("cx/access", "cx.ui"),
        ("cx/limited.py", "cx.access"),
        ("cx/limited.py", "cx.questions"),
        ("cx/questions/", "cx.access"),
        ("cx/engine", "cx.ui"),
        ("pages/", "cx.demo"),
        ("pages/", "cx.store"),
    ],
)
def test_imports_run_one_way(lower: str, upper: str) -> None:
    assert imports_of(lower, upper) == set()


@pytest.mark.parametrize("path", [path for path in FILES if name(path).startswith(ABOVE_STREAMLIT)], ids=name)
def test_pages_hold_no_sql(path: Path) -> None:
    assert not re.search(r"\bselect\b.+\bfrom\b", path.read_text(encoding="utf-8"), re.IGNORECASE | re.DOTALL)
