"""The ideal customer's profile: what tells the best tenth of customers from all the others.

Buyers are customers with an order in the YEAR up to `through`. The best are the top tenth, by their revenue of that
time, of those who have ordered at least twice; all others are what they are compared with. Filters narrow the buyers by the
first line of their first order, as for who comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cx import loyalty, rollups, stats
from cx.kpis import LOYALTY_KPIS
from cx.model import JOURNEY_DIMENSIONS
from cx.query import Filters, Query, where
from cx.questions.loyalty import GROUPS
from cx.stats import Estimate, SmallSamples
from cx.store import Store

YEAR = 365
"""Days that revenue and ratings are looked at."""
TENTH = 10
HELD = LOYALTY_KPIS["held"]
OF_FIRST_ORDER = ("segment", "region", "channel", "device", "product")
ATTRIBUTES = (*OF_FIRST_ORDER, "touchpoint", *GROUPS)
"""What is looked at: of the first order, the first touchpoint before it, and the group of the first rating of the year."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The best customers beside the others.

    buyers, best: how many; worth: the revenue from which on one is among the best (nan where nobody is). looked_at: how
    many attributes were compared. table: attribute, value, best, best_n, others, others_n (customers with it, and those of whom
    the attribute is known), share_best, share_others in percent, lift with lo and hi (a factor), p, verdict ('real' or
    'noise', judged over all that were looked at). The surest come first. Attributes that too few have are left out.
    """

    buyers: int
    best: int
    worth: float
    looked_at: int
    table: pd.DataFrame


def profile(store: Store, filters: Filters, through: date, limits: SmallSamples | None = None) -> Profile:
    """What distinguishes the best customers of the year up to `through`."""
    kept = where(filters.only(JOURNEY_DIMENSIONS))
    told = store.run(Query("the best customers", _sql(kept.sql), {**kept.values, "through": through}))
    whole = told[told["attribute"] == ""].iloc[0]
    table = _compared(_named(told[told["attribute"] != ""]))
    enough = whole["best"] >= (limits or SmallSamples()).no_score
    kept_rows = table[table["p"].notna()] if enough else table.head(0)
    ranked = kept_rows.sort_values(["p", "attribute", "value"], ignore_index=True)
    return Profile(
        int(whole["best"] + whole["others"]),
        int(whole["best"]),
        float(whole["worth"]),
        len(ranked),
        _judged(ranked),
    )


def _sql(kept: str) -> str:
    """Customers by each attribute and its value, of the best and of the others; the first row counts them all."""
    counted = " union all ".join(
        f"select '{name}', cast({name} as varchar), {_BOTH} from judged where {name} is not null group by {name}"
        for name in ATTRIBUTES
    )
    first = ", ".join(f"arg_min(score, place) filter (measure = '{name}') as {name}" for name in GROUPS)
    return f"""
with spent as (
  select customer_no, {rollups.total("revenue")} as lately from r_orders where {_LATELY} group by customer_no
),
buyers as (
  select customer_no, {", ".join(OF_FIRST_ORDER)}, lately, coalesce(second_day <= $through, false) as back
  from r_buyers join spent using (customer_no) where {kept}
),
ranked as (
  select *, rank() over (partition by back order by lately desc) as place, count(*) over (partition by back) as of
  from buyers
),
rated as (select customer_no, {first} from r_ratings where {_LATELY} group by customer_no),
judged as (
  select ranked.*, back and ({TENTH} * (place - 1) < of) as best, touchpoint, {", ".join(GROUPS)}
  from ranked left join r_first_met using (customer_no) left join rated using (customer_no)
)
select '' as attribute, '' as value, {_BOTH}, min(case when best then lately end) as worth from judged
union all select *, null from ({counted})"""


_LATELY = f"day > $through - {YEAR} and day <= $through"
_BOTH = "count(case when best then 1 end) as best, count(case when not best then 1 end) as others"


def _named(counted: pd.DataFrame) -> pd.DataFrame:
    """The counts with groups for scores."""
    group_of = {
        (measure, str(score)): group for measure, groups in GROUPS.items() for group, held in groups.items() for score in held
    }  # fmt: skip
    value = [group_of.get((row.attribute, row.value), row.value) for row in counted.itertuples()]
    named = counted[["attribute", "best", "others"]].assign(value=value)
    return named.groupby(["attribute", "value"], as_index=False)[["best", "others"]].sum()


def _compared(counts: pd.DataFrame) -> pd.DataFrame:
    """The shares of both, of those of whom the attribute is known, and how likely chance alone sets them so far apart."""
    known = counts.groupby("attribute")[["best", "others"]].transform("sum")
    table = counts.assign(best_n=known["best"], others_n=known["others"])
    for who in ("best", "others"):
        parts = table[[who, f"{who}_n"]].set_axis(list(HELD.parts), axis=1)
        table[[f"share_{who}", f"{who}_lo", f"{who}_hi"]] = stats.estimate(HELD, parts)[["value", "lo", "hi"]]
    held = (table[name].to_numpy(dtype=float) for name in ("best", "best_n", "others", "others_n"))
    return table.assign(p=loyalty.chances(*held))


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    changes = [stats.change(HELD, _side(row, "best"), _side(row, "others")) for row in table.itertuples()]
    factors = [
        (np.nan,) * 3 if change.kind == "new" else loyalty.ratio(change.amount, change.lo, change.hi)
        for change in changes
    ]
    told = pd.DataFrame(factors, columns=["lift", "lo", "hi"], index=table.index, dtype=float)
    sure = loyalty.sure(table["p"].to_numpy(dtype=float))
    return table.join(told).assign(verdict=np.where(sure, "real", "noise"))[[
        "attribute", "value", "best", "best_n", "others", "others_n", "share_best", "share_others", "lift", "lo", "hi",
        "p", "verdict",
    ]]  # fmt: skip


def _side(row: object, who: str) -> Estimate:
    value, lo, hi, n = (
        float(getattr(row, name)) for name in (f"share_{who}", f"{who}_lo", f"{who}_hi", f"{who}_n")
    )
    return Estimate(value, lo, hi, n, n)
