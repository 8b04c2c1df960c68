"""What cx.toml and the environment may say of the engine, and how what they may not is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx.engine.errors import BadSettings
from cx.engine.settings import FILE, Settings, read
from cx.folders import Folders

WHOLE = """
[engine]
use = "spark"
address = "sc://spark.example.com:15002"
raw = "s3://exports/raw"
rollups = "/mnt/rollups"
timeout_seconds = 5

[engine.spark]
"spark.sql.shuffle.partitions" = 64
spark.speculation = true
"""


def told(root: Path, text: str = "", use: str | None = None, **environment: str) -> Settings:
    if text:
        (root / FILE).write_text(text)
    return read(Folders(root), use, environment)


def test_without_a_file_the_store_s_own_engine_makes_the_rollups(tmp_path: Path) -> None:
    assert told(tmp_path) == Settings(use="duckdb")
    assert not told(tmp_path).elsewhere


def test_the_file_says_all_of_it(tmp_path: Path) -> None:
    settings = told(tmp_path, WHOLE)
    assert settings.complete().elsewhere
    assert settings.timeout_seconds == 5
    assert settings.spark == {"spark.sql.shuffle.partitions": "64", "spark.speculation": "true"}


def test_the_environment_stands_before_the_file_and_the_command_before_both(tmp_path: Path) -> None:
    settings = told(
        tmp_path, WHOLE, "duckdb", CX_ENGINE="spark", CX_ENGINE_RAW="/here", CX_ENGINE_TIMEOUT_SECONDS="3"
    )
    assert (settings.use, settings.raw, settings.timeout_seconds) == ("duckdb", "/here", 3)


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        pytest.param("[engine]\nadress = 'x'", {}, "'adress' for the engine. Did you mean 'address'?", id="a slip in the file"),
        pytest.param("[engin]\nuse = 'x'", {}, "Did you mean 'engine'?", id="a slip in the table"),
        pytest.param("", {"CX_ENGINE_ROLUPS": "x"}, "Did you mean 'CX_ENGINE_ROLLUPS'?", id="a slip in the environment"),
        pytest.param("", {"CX_ENGINE": "sparc"}, "'sparc' is none of duckdb, spark. Did you mean 'spark'?", id="an engine"),
        pytest.param("[engine]\ntimeout_seconds = 'x'", {}, "not of the right type", id="words for a number"),
        pytest.param("", {"CX_ENGINE_TIMEOUT_SECONDS": "soon"}, "not of the right type", id="words in the environment"),
        pytest.param("[engine]\ntimeout_seconds = 0", {}, "from 1 to 600", id="no time at all"),
        pytest.param("[engine]\npartitions = -1", {}, "0 or more", id="less than no part"),
        pytest.param("", {"CX_ENGINE_ADDRESS": "spark.example.com:15002"}, "Write sc://host:15002", id="no scheme"),
        pytest.param("", {"CX_ENGINE_ADDRESS": "sc://host:123456"}, "is no address", id="no port"),
        pytest.param("[engine", {}, "cannot be read", id="no TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(
    tmp_path: Path, text: str, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        told(tmp_path, text, **environment)
    assert said in str(refused.value)


@pytest.mark.parametrize("missing", ["address", "raw", "rollups"])
def test_what_is_missing_is_named_with_its_variable(missing: str) -> None:
    every = {"use": "spark", "address": "sc://host", "raw": "/a", "rollups": "/b"}
    with pytest.raises(BadSettings, match=f"CX_ENGINE_{missing.upper()}"):
        Settings(**{**every, missing: ""}).complete()


def test_rollups_are_not_written_among_the_exports() -> None:
    with pytest.raises(BadSettings, match="lies inside 'raw'"):
        Settings("spark", "sc://host", "/exports", "/exports/rollups").complete()
    assert Settings("spark", "sc://host", "/exports", "/exports-counted").complete()


def test_a_token_in_an_address_is_not_repeated() -> None:
    with pytest.raises(BadSettings) as refused:
        Settings(address="sc//host:15002/;token=hidden")
    assert "hidden" not in str(refused.value)
