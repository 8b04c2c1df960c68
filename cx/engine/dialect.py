"""The product's own statements in the dialect of Spark: parsed, bound, linted, translated.

Everything is counted at once, so conditions that choose days or sources fall away; all other values become literals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlglot
from sqlglot import exp

from cx.engine import lint
from cx.engine.counting import Statement
from cx.engine.errors import NotPortable
from cx.words import t

EVERY = ("days", "days_and_next", "sources")
"""Values of which every one is wanted."""
BOUNDS = ("first", "after_last", "after_next")
"""Values that all lies between."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query in Spark's dialect, and the table whose rows it gives. `beside`: the table is needed for a while only."""

    table: str
    sql: str
    beside: bool = False


def translated(statements: Iterable[Statement], whole: Collection[str]) -> list[Query]:
    """The queries behind these statements; those that only delete or drop have none. Raises NotPortable."""
    found = (_query(statement, whole) for statement in statements)
    return [query for query in found if query is not None]


def spoken(sql: str, values: Mapping[str, Any], whole: Collection[str] = ()) -> str:
    """A query of DuckDB's dialect in Spark's, with its values bound. Raises NotPortable."""
    return _spoken(sqlglot.parse_one(sql, read="duckdb"), values, whole)


def _query(statement: Statement, whole: Collection[str]) -> Query | None:
    parsed = sqlglot.parse_one(statement.sql, read="duckdb")
    if isinstance(parsed, (exp.Delete, exp.Drop)):
        return None
    if not isinstance(parsed, (exp.Insert, exp.Create)):
        raise NotPortable(t("{sql}: only what fills a table can be translated.", sql=statement.sql[:200]))
    table = parsed.find(exp.Table)
    assert table is not None
    body = parsed.expression
    body.set("order", None)
    return Query(table.name, _spoken(body, statement.values, whole), isinstance(parsed, exp.Create))


def _spoken(parsed: exp.Expression, values: Mapping[str, Any], whole: Collection[str]) -> str:
    bound = parsed.transform(_grouped).transform(_every).transform(_listed, values).transform(_bound, values)
    lint.refuse(bound, whole)
    return str(bound.transform(_fractions).sql("spark"))


def _grouped(node: exp.Expression) -> exp.Expression:
    """GROUP BY ALL, which not every engine knows, names what it groups by."""
    group = node.args.get("group")
    if group is None or not group.args.get("all"):
        return node
    keys = [one.unalias().copy() for one in node.expressions if not one.find(exp.AggFunc)]
    node.set("group", exp.Group(expressions=keys))
    return node


def _unnested(node: exp.Expression) -> list[str]:
    """The names of the values of which a query is a list; none where it is another query."""
    columns = node.expressions if isinstance(node, exp.Select) else []
    inner = [column.unalias() for column in columns]
    lists = [one.this for one in inner if isinstance(one, (exp.Explode, exp.Unnest))]
    names = [name for one in lists if (name := _placeholder(one))]
    return names if len(names) == len(columns) else []


def _every(node: exp.Expression) -> exp.Expression:
    """A condition that what there is always fulfils."""
    if isinstance(node, (exp.GTE, exp.LT)) and _placeholder(node.expression) in BOUNDS:
        return exp.true()
    query = node.args.get("query") if isinstance(node, exp.In) else None
    names = _unnested(query.unnest()) if query is not None else []
    return exp.true() if names and all(name in EVERY for name in names) else node


def _listed(node: exp.Expression, values: Mapping[str, Any]) -> exp.Expression:
    """Lists side by side become rows of values."""
    if not (names := _unnested(node)):
        return node
    columns = [column.alias for column in node.expressions]
    rows = [
        exp.Tuple(expressions=[_literal(value) for value in row])
        for row in zip(*(values[name] for name in names), strict=True)
    ]
    alias = exp.TableAlias(
        this=exp.to_identifier("listed"), columns=[exp.to_identifier(name) for name in columns]
    )
    return exp.select(*columns).from_(exp.Values(expressions=rows, alias=alias))


def _placeholder(node: exp.Expression) -> str:
    """The name of the value that is bound here; empty where none is."""
    return str(node.name or node.this) if isinstance(node, (exp.Placeholder, exp.Parameter)) else ""


def _bound(node: exp.Expression, values: Mapping[str, Any]) -> exp.Expression:
    if not (name := _placeholder(node)):
        return node
    if name not in values:
        raise NotPortable(t("Nothing is bound to '{name}'.", name=name))
    return _literal(values[name])


def _literal(value: Any) -> exp.Expression:
    if isinstance(value, (date, datetime)):
        kind = "timestamp" if isinstance(value, datetime) else "date"
        return exp.cast(exp.Literal.string(str(value)), kind)
    return exp.convert(value)


def _fractions(node: exp.Expression) -> exp.Expression:
    """A literal with a point is DECIMAL there, and what is divided by it is cut off: DOUBLE here and there."""
    is_fraction = isinstance(node, exp.Literal) and not node.is_string and not node.is_int
    if is_fraction and not isinstance(node.parent, exp.Cast):
        return exp.cast(node.copy(), "double")
    return node
