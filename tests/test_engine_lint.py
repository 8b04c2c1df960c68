"""What another engine would answer otherwise is refused before it is translated; what carries over says the same there."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlglot", reason="needs the engine's client: pip install -r requirements-bench.txt")

from cx.engine import counting, dialect, lint, shapes
from cx.engine.errors import NotPortable
from cx.journey import DEFAULT
from cx.rollups import BY_DAY

WHOLE = ("n", "units")

TRAPS = [
    pytest.param("select quantile_cont(amount, 0.9) from t", "quantile", id="a quantile"),
    pytest.param("select percentile_cont(0.5) within group (order by amount) from t", "quantile", id="a percentile"),
    pytest.param("select median(amount) from t", "quantile", id="a median"),
    pytest.param("select approx_count_distinct(id) from t", "approximate", id="an approximate count"),
    pytest.param(
        "select id from t qualify row_number() over (partition by a order by b) = 1 limit 3", "qualify", id="QUALIFY with LIMIT"
    ),
    pytest.param("select date_diff('day', a, b) from t", "dates", id="date_diff"),
    pytest.param("select datediff('month', a, b) from t", "dates", id="datediff"),
    pytest.param("select cast(2.7 as int)", "fraction", id="a fraction made whole"),
    pytest.param("select cast(amount as bigint) from t", "fraction", id="a column of fractions made whole"),
    pytest.param("select cast(sum(n / 2) as integer) from t", "fraction", id="a sum of fractions made whole"),
    pytest.param("select list(x order by y) from t", "list", id="an ordered list"),
    pytest.param("select array_agg(x order by y) from t", "list", id="an ordered array"),
    pytest.param("select string_agg(x, ',' order by y) from t", "list", id="texts in order"),
    pytest.param("select 100 * a / b from t", "division", id="a division by what may be zero"),
    pytest.param("select a % b from t", "division", id="a remainder of what may be zero"),
    pytest.param("select substr(a, 0, 3) from t", "substring", id="a substring from 0"),
    pytest.param("select substring(a, b) from t", "substring", id="a substring from anywhere"),
    pytest.param("select dayofweek(a) from t", "weekday", id="a day of the week"),
    pytest.param("select sum(n) from t", "huge", id="a HUGEINT"),
    pytest.param("select coalesce(sum(n), 0) as n from t", "huge", id="a HUGEINT beneath something"),
    pytest.param("select a from t union all by name select a from u", "by_name", id="UNION BY NAME"),
    pytest.param("select n // 2 from t", "whole_division", id="a whole division"),
    pytest.param("select regexp_extract(a, 'b+') from t", "unknown", id="a function that nobody compared"),
    pytest.param("select a_new_function(a) from t", "unknown", id="a function that nobody knows"),
]  # fmt: skip

SOUND = [
    "select cast(count(*) as bigint) from t",
    "select cast(sum(n) as bigint), cast(coalesce(sum(case when a then units end), 0) as bigint) from t",
    "select cast(floor(100 * ln(1 + seconds)) as integer) from t",
    "select cast(sum(amount) as double) from t",
    "select a / nullif(b, 0), a / 7, 1.0 / count(*) over (partition by a) from t",
    "select substr(a, 1, 3) from t",
    "select id from (select id, row_number() over (partition by a order by b) as place from t) where place = 1 limit 3",
]


@pytest.mark.parametrize(("sql", "trap"), TRAPS)
def test_a_trap_is_refused_with_its_reason(sql: str, trap: str) -> None:
    with pytest.raises(NotPortable) as refused:
        dialect.spoken(sql, {}, WHOLE)
    assert lint.WORDS[trap] in str(refused.value)


def test_every_rule_has_its_trap() -> None:
    assert {case.values[1] for case in TRAPS} == set(lint.WORDS)


@pytest.mark.parametrize("sql", SOUND)
def test_what_carries_over_is_translated(sql: str) -> None:
    assert dialect.spoken(sql, {}, WHOLE).upper().startswith("SELECT")


def test_a_fraction_is_a_double_there_as_well() -> None:
    assert dialect.spoken("select 1.0 / 3", {}) == "SELECT CAST(1.0 AS DOUBLE) / 3"


def test_values_are_bound_as_literals_and_what_chooses_days_falls_away() -> None:
    sql = "select a from t where day in (select unnest($days)) and day >= $first and name = $name"
    assert dialect.spoken(sql, {"name": "it's"}) == "SELECT a FROM t WHERE TRUE AND TRUE AND name = 'it\\'s'"


def test_a_value_that_nobody_binds_is_refused() -> None:
    with pytest.raises(NotPortable, match="'name'"):
        dialect.spoken("select a from t where name = $name", {})


def test_every_rollup_by_day_carries_over() -> None:
    queries = dialect.translated(counting.statements(DEFAULT), shapes.whole_numbers())
    assert {query.table for query in queries if not query.beside} == set(BY_DAY)
    assert not [query for query in queries if "$" in query.sql or "UNNEST" in query.sql.upper()]
