"""What does not carry over from DuckDB to Spark is refused here, before it is translated.

Each trap was met: the other engine gave another number without a word, or none at all. A function that is not known to be
the same on both is a trap, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sqlglot import exp

from cx.engine.errors import NotPortable
from cx.words import mark, t

KNOWN = (
    exp.And, exp.Or, exp.Count, exp.Sum, exp.Max, exp.Min, exp.Coalesce, exp.Case, exp.If, exp.Cast, exp.Floor, exp.Ceil,
    exp.Ln, exp.Lead, exp.Lag, exp.RowNumber, exp.TimestampTrunc, exp.DateTrunc, exp.Nullif, exp.Abs, exp.Lower, exp.Upper,
    exp.Length,
)  # fmt: skip
"""Functions that say the same on both engines, as far as the other rules let them pass."""

_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_APPROXIMATE = (exp.ApproxDistinct, exp.Hll)
_QUANTILES = (exp.PercentileCont, exp.PercentileDisc, exp.Quantile, exp.ApproxQuantile, exp.Median)
_LISTS = (exp.ArrayAgg, exp.GroupConcat, exp.List)

WORDS = {
    "quantile": mark("a quantile is approximate elsewhere: read it from a histogram"),
    "approximate": mark("an approximate count differs even between versions"),
    "qualify": mark("QUALIFY with LIMIT takes the limit first elsewhere: select from a subquery"),
    "dates": mark("date_diff counts borders here and whole days elsewhere: subtract dates"),
    "fraction": mark(
        "a fraction becomes a whole number by rounding here and by cutting off elsewhere: floor it first"
    ),
    "list": mark("the order in a list is not kept elsewhere"),
    "division": mark("a division by zero is infinite here and an error elsewhere: write nullif(..., 0)"),
    "substring": mark("a substring from 0 begins one earlier here than elsewhere: count from 1"),
    "weekday": mark("Sunday is 0 here and 1 elsewhere"),
    "huge": mark(
        "a sum of whole numbers is a HUGEINT, which files keep as a fraction: cast it to bigint or double"
    ),
    "by_name": mark("UNION BY NAME is not known elsewhere: name every column in every part"),
    "whole_division": mark("// is not known elsewhere: use floor"),
    "unknown": mark("it is not known whether this function says the same elsewhere"),
}


def refuse(statement: exp.Expression, whole: Collection[str] = ()) -> None:
    """Raise NotPortable for the first trap in a statement. `whole`: columns that hold whole numbers."""
    for node in statement.walk():
        for trap in traps(node, whole):
            raise NotPortable(t("{sql}: {why}.", sql=node.sql("duckdb")[:200], why=t(WORDS[trap])))


def traps(node: exp.Expression, whole: Collection[str] = ()) -> Iterator[str]:
    """The traps that this one node is."""
    for name, is_trap in _RULES.items():
        if is_trap(node):
            yield name
    if isinstance(node, exp.Cast) and node.to.sql() in _WHOLE and not integral(node.this, whole):
        yield "fraction"


def integral(node: exp.Expression | None, whole: Collection[str]) -> bool:
    """Whether an expression can be nothing but a whole number."""
    if isinstance(node, (exp.Count, exp.Floor, exp.Ceil, exp.RowNumber)):
        return not node.args.get("decimals")
    if isinstance(node, exp.Literal):
        return not node.is_string and node.is_int
    if isinstance(node, exp.Column):
        return node.name in whole
    if isinstance(node, exp.Cast):
        return node.to.sql() in _WHOLE
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]]
        default = node.args.get("default")
        return all(integral(one, whole) for one in [*results, *([default] if default else [])])
    if isinstance(node, exp.Coalesce):
        return all(integral(one, whole) for one in [node.this, *node.expressions])
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return integral(node.left, whole) and integral(node.right, whole)
    inner = (exp.Sum, exp.Max, exp.Min, exp.Paren, exp.Neg, exp.Window)
    return isinstance(node, inner) and integral(node.this, whole)


def _is_quantile(node: exp.Expression) -> bool:
    return isinstance(node, _QUANTILES)


def _qualify_and_limit(node: exp.Expression) -> bool:
    return isinstance(node, exp.Select) and bool(node.args.get("qualify") and node.args.get("limit"))


def _divides_by_what_may_be_zero(node: exp.Expression) -> bool:
    if not isinstance(node, (exp.Div, exp.Mod)):
        return False
    below = node.expression.unnest()
    counted = isinstance(below, exp.Window) and isinstance(below.this, exp.Count)  # counts its own row
    number = isinstance(below, exp.Literal) and float(below.this) != 0
    return not (isinstance(below, exp.Nullif) or counted or number)


def _from_zero(node: exp.Expression) -> bool:
    if not isinstance(node, exp.Substring):
        return False
    start = node.args.get("start")
    return not (isinstance(start, exp.Literal) and start.is_int and int(start.this) > 0)


def _uncast_sum(node: exp.Expression) -> bool:
    if not isinstance(node, exp.Sum):
        return False
    around = node.parent
    while isinstance(around, (exp.Coalesce, exp.Paren, exp.Window, exp.Neg)):
        around = around.parent
    return not (isinstance(around, exp.Cast) and around.to.sql() in ("BIGINT", "DOUBLE"))


def _by_name(node: exp.Expression) -> bool:
    return isinstance(node, exp.SetOperation) and bool(node.args.get("by_name"))


def _unknown(node: exp.Expression) -> bool:
    told = (*_QUANTILES, *_APPROXIMATE, *_LISTS, exp.DateDiff, exp.DayOfWeek, exp.DayOfWeekIso, exp.Substring)
    return isinstance(node, exp.Func) and not isinstance(node, (*KNOWN, *told))


_RULES: dict[str, Callable[[exp.Expression], bool]] = {
    "quantile": _is_quantile,
    "approximate": lambda node: isinstance(node, _APPROXIMATE),
    "qualify": _qualify_and_limit,
    "dates": lambda node: isinstance(node, exp.DateDiff),
    "list": lambda node: isinstance(node, _LISTS),
    "division": _divides_by_what_may_be_zero,
    "substring": _from_zero,
    "weekday": lambda node: isinstance(node, (exp.DayOfWeek, exp.DayOfWeekIso)),
    "huge": _uncast_sum,
    "by_name": _by_name,
    "whole_division": lambda node: isinstance(node, exp.IntDiv),
    "unknown": _unknown,
}
