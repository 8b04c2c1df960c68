"""The columns of the product's tables, as their own definitions give them, and what those types are called elsewhere."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from cx import rollups
from cx.model import COLUMNS

SPARK = {
    "VARCHAR": "STRING", "INTEGER": "INT", "BIGINT": "BIGINT", "SMALLINT": "SMALLINT", "TINYINT": "TINYINT",
    "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP_NTZ",
}  # fmt: skip
"""A type of DuckDB -> the type of Spark that holds the same."""

ARROW = {
    "VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "SMALLINT": pa.int16(), "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
}  # fmt: skip

OF_TABLE = "of_table"
"""The column of `folded` that says to which rollup a row belongs."""


@cache
def tables() -> dict[str, dict[str, str]]:
    """Each rollup's columns with their types, in order."""
    with duckdb.connect() as connection:
        connection.execute(rollups.SCHEMA)
        found = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal "
            "order by table_name, column_index"
        ).fetchall()
    told: dict[str, dict[str, str]] = {}
    for table, column, type_ in found:
        told.setdefault(table, {})[column] = type_
    return told


@cache
def whole_numbers() -> frozenset[str]:
    """The columns, of interactions and of rollups, that hold whole numbers somewhere and fractions nowhere."""
    every = [("customer_no", "INTEGER"), *((column.name, column.type) for column in COLUMNS.values())]
    every += [pair for columns in tables().values() for pair in columns.items()]
    kinds = {
        kind: {name for name, type_ in every if type_.endswith(kind)} for kind in ("INT", "INTEGER", "DOUBLE")
    }
    return frozenset(kinds["INT"] | kinds["INTEGER"]) - kinds["DOUBLE"]


def beside(name: str, type_: str) -> str:
    """What a column is called beside those of other rollups: one name may stand for a day here and for money there."""
    return f"{name}_{type_.lower()}"


@cache
def folded() -> dict[str, str]:
    """The columns of all rollups by customer beside each other; a row fills those of its own."""
    every = [pair for table in rollups.BY_CUSTOMER for pair in tables()[table].items()]
    return {OF_TABLE: "VARCHAR", **{beside(name, type_): type_ for name, type_ in every}}


def definition(columns: dict[str, str]) -> str:
    """Columns as Spark is told of them."""
    return ", ".join(f"{name} {SPARK[type_]}" for name, type_ in columns.items())


def arrow(columns: dict[str, str]) -> pa.Schema:
    """Columns as Arrow has them."""
    return pa.schema([(name, ARROW[type_]) for name, type_ in columns.items()])
