"""The live queue: which product has a problem now, of which kind, since when, and what came before it.

The detector (`cx.surges`) is asked about the last weeks; what surrounds a surge, such as the customers, the channel where it
is concentrated and the release before it, is read from the rollups.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cx import rollups, surges
from cx.model import OURS
from cx.query import Query
from cx.reference import products
from cx.stats import TAIL
from cx.store import Store
from cx.surges import EVERY, Memory, Scan

SHOWN_DAYS = 42
"""Surges whose last alarm is older are no longer told."""
USUAL_DAYS = 84
"""What is usual before a surge is taken from so many days before its onset."""
SHARES_BY = ("channel", "region", "segment", "version")
CONCENTRATED = 1.5
"""A share this many times what it was before, and beyond chance, says where a surge is concentrated."""
LEAST_RELEASE_UNITS = 20
RELEASE_DAYS = 28
"""A release fits a surge that begins so many days after it at most."""

UNSTATED = "-"
"""The product of complaints that name none. They stand against all units sold."""

_URGENCY = {"growing": 0, "new": 1, "easing": 2, "over": 3}


STRONG, VERY_STRONG = 12.0, 20.0
"""Evidence in nats from which it is called strong, and very strong; an alarm needs 3 to 8, by the size of the counts."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the detector says: the scan of the last weeks, its surges, and the last day that is complete.

    units_known is False where the store holds no sales: exposure is then taken as constant.
    """

    scan: Scan | None
    found: pd.DataFrame
    through: date
    units_known: bool

    @property
    def watched(self) -> bool:
        """Whether there were weeks enough to tell a surge from chance."""
        return self.scan is not None


@dataclass(frozen=True, slots=True)
class Concentrated:
    """Where a surge is concentrated: the value of a dimension, its share in the surge and before it, in percent."""

    dimension: str
    value: str
    share: float
    before: float


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a surge: its customers, the revenue that they have brought, where it is concentrated (or None), and
    the version released before it (or None)."""

    customers: int
    revenue: float
    concentrated: Concentrated | None
    release: str | None


def asked(through: date) -> tuple[Query, Query]:
    """What the detector is fed with: complaints by day, product and reason, and units sold by day and product."""
    values = {"through": through, "unstated": UNSTATED}
    complaints = Query("complaints by day", """
select day, coalesce(product, $unstated) as product, coalesce(reason, '') as reason, cast(sum(n) as bigint) as complaints
from r_complaints_product where day <= $through group by all order by all""", values)  # fmt: skip
    units = Query("units by day", """
with sold as (select day, product, units from r_day_product where day <= $through and units > 0)
select day, product, cast(sum(units) as bigint) as units from sold where product is not null group by all
union all
select day, $unstated as product, cast(sum(units) as bigint) as units from sold
where exists (select 1 from r_complaints_product where product is null and day <= $through) group by all
order by all""", values)  # fmt: skip
    return complaints, units


def watch(store: Store, through: date, memory: Memory | None = None) -> Watch:
    """Ask the detector about the weeks up to the last complete day. Whoever asks keeps the answer for a version.

    With the `memory` of the last time only the days are counted that it did not know.
    """
    complaints, units = map(store.run, asked(through))
    units_known = not units.empty
    panel = surges.from_counts(complaints, units if units_known else None, until=through + timedelta(days=1))
    first = through - timedelta(days=SHOWN_DAYS + surges.STOP_DAYS)
    if complaints.empty or panel.days[0].date() >= first:
        return Watch(None, pd.DataFrame(columns=list(surges.TOLD)), through, units_known)
    scan = (memory or Memory()).scan(panel, first)
    found = surges.surges(scan)
    days = pd.to_datetime(found["last_day"]).dt.date
    return Watch(scan, _ordered(found[days > through - timedelta(days=SHOWN_DAYS)]), through, units_known)


def strength(evidence: float) -> str:
    """How strong evidence is: 'clear', 'strong' or 'very strong'."""
    return "very strong" if evidence >= VERY_STRONG else "strong" if evidence >= STRONG else "clear"


def fitting(told: Watch, campaigns: pd.DataFrame) -> list[list[str]]:
    """For each surge the ids of the campaigns that fit it, the likeliest first; often none."""
    if told.scan is None:
        return []
    named = pd.DataFrame({
        "campaign_id": campaigns["id"], "start": pd.to_datetime(campaigns["starts_on"]), "end": pd.to_datetime(campaigns["ends_on"]),
        "products": [products(told) for told in campaigns["products"]],
    })  # fmt: skip
    return surges.attribution(told.found, named, told.scan.lags)


def around(store: Store, surge: Any) -> Around:
    """What surrounds one surge (a row of Watch.found)."""
    values = {name: value for name, value in _values(surge).items() if name != "usual"}
    who = store.run(Query("customers in a surge", f"""
with who as (
  select distinct customer_no from r_contacts
  where kind = 'complaint' and day >= $onset and day <= $last_day and coalesce(reason, '') = $reason{_of_product(surge)}
)
select count(*) as customers, {rollups.total("b.revenue")} as revenue
from who left join r_buyers b using (customer_no)""", values)).iloc[0]  # fmt: skip
    found = [_concentrated(store, surge, dimension) for dimension in SHARES_BY]
    clearest = max(
        (each for each in found if each), key=lambda each: each.share / max(each.before, 1), default=None
    )
    return Around(int(who["customers"]), float(who["revenue"]), clearest, _release(store, surge))


def shares(store: Store, surge: Any, dimension: str) -> pd.DataFrame:
    """Complaints of a surge by one dimension: group, n, share, and before (the share in USUAL_DAYS before), in percent."""
    table = store.run(Query(f"a surge by {dimension}", f"""
select coalesce({dimension}, '') as "group",
  cast(coalesce(sum(case when day >= $onset then n end), 0) as bigint) as n,
  cast(coalesce(sum(case when day < $onset then n end), 0) as bigint) as n_before
from r_complaints
where day >= $usual and day <= $last_day and coalesce(reason, '') = $reason{_of_product(surge)}
group by all order by n desc, "group" """, _values(surge)))  # fmt: skip
    for name, of in (("share", "n"), ("before", "n_before")):
        table[name] = 100 * table[of] / max(table[of].sum(), 1)
    return table


def daily(told: Watch, surge: Any) -> pd.DataFrame:
    """The days of the scan for one surge's series: day, observed, expected, lo, hi (where 95 of 100 such days fall)."""
    assert told.scan is not None, "a surge comes from a scan"
    scan = told.scan
    at = scan.products.index(surge.product), scan.reasons.index(surge.reason)
    observed, expected = scan.complaints[:, *at], scan.expected[:, *at]
    spread = scan.spread_7[:, *at]
    lo, hi = (surges.quantile(q, expected, spread) for q in (TAIL, 1 - TAIL))
    return pd.DataFrame(
        {"day": scan.days.date, "observed": observed, "expected": expected, "lo": lo, "hi": hi}
    )


def texts(store: Store, surge: Any, most: int = 2000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What customers wrote in the surge and, of the same product, in USUAL_DAYS before: text, language; newest first."""
    sql = f"""
select text, coalesce(language, '') as language from interactions
where brand = '{OURS}' and kind = 'complaint' and text is not null and occurred_at >= $since and occurred_at < $until
  {_of_product(surge)}{{also}}
order by occurred_at desc limit {most}"""
    values = _values(surge)
    kept = {name: values[name] for name in ("product",) if surge.product != EVERY}
    now = {
        **kept,
        "since": values["onset"],
        "until": values["last_day"] + timedelta(days=1),
        "reason": surge.reason,
    }
    before = {**kept, "since": values["usual"], "until": values["onset"]}
    return (
        store.run(Query("words in a surge", sql.format(also="\n  and coalesce(reason, '') = $reason"), now)),
        store.run(Query("words before a surge", sql.format(also=""), before)),
    )


def _ordered(found: pd.DataFrame) -> pd.DataFrame:
    """What to look at first: what grows, then what is new, then by how strong the evidence is."""
    urgency = found["state"].map(_URGENCY)
    order = pd.DataFrame({"urgency": urgency, "evidence": -found["evidence"].astype(float)})
    return found.loc[order.sort_values(["urgency", "evidence"], kind="stable").index].reset_index(drop=True)


def _values(surge: Any) -> dict[str, Any]:
    onset, last = (pd.Timestamp(day).date() for day in (surge.onset, surge.last_day))
    told = {
        "onset": onset,
        "last_day": last,
        "usual": onset - timedelta(days=USUAL_DAYS),
        "reason": surge.reason,
    }
    return told if surge.product == EVERY else {**told, "product": surge.product}


def _of_product(surge: Any) -> str:
    return "" if surge.product == EVERY else f" and coalesce(product, '{UNSTATED}') = $product"


def _concentrated(store: Store, surge: Any, dimension: str) -> Concentrated | None:
    """The value whose share rose most, where that is beyond chance and it is not simply all of it as ever."""
    table = shares(store, surge, dimension)
    named = table[(table["group"] != "") & (table["n"] >= 5)]
    if named.empty or len(table) < 2:
        return None
    row = named.assign(rise=named["share"] - named["before"]).sort_values("rise").iloc[-1]
    n = float(table["n"].sum())
    chance = 1.96 * (max(row["before"] * (100 - row["before"]), 100.0) / max(n, 1.0)) ** 0.5
    if row["share"] < CONCENTRATED * row["before"] or row["rise"] < chance:
        return None
    return Concentrated(dimension, str(row["group"]), float(row["share"]), float(row["before"]))


def _release(store: Store, surge: Any) -> str | None:
    """The newest version of the product that was first sold in the weeks before the onset."""
    if surge.product == EVERY:
        return None
    values = _values(surge)
    table = store.run(Query("releases", f"""
select version, min(day) as day from r_versions where product = $product group by version
having sum(units) >= {LEAST_RELEASE_UNITS} and min(day) <= $onset and min(day) > $since
  and min(day) > (select min(day) from r_versions where product = $product)
order by day desc limit 1""", {"product": surge.product, "onset": values["onset"],
                                    "since": values["onset"] - timedelta(days=RELEASE_DAYS)}))  # fmt: skip
    return None if table.empty else str(table["version"].iloc[0])
