"""App Store: customer reviews, as App Store Connect's API names them (flattened, with or without 'attributes')."""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import moments
from cx.formats.vendors.vendor import Vendor, columns_of

_REVIEWS = f"""
select *, cast(null as varchar) as dropped, {moments(occurred_at="created")},
  nullif(concat_ws(chr(10), nullif(trim(title), ''), nullif(trim(body), '')), '') as text
from fields"""

REVIEWS = Vendor(
    "app store reviews",
    ("id", "stars", "body", "created", "territory"),
    {
        "id": "id review_id",
        "stars": "rating",
        "title": "title",
        "body": "body review",
        "created": "created_date",
        "territory": "territory",
        "product": "app_name app_id",
        "version": "version app_version",
    },
    columns_of(
        "occurred_at text product version",
        source="app store",
        kind="review",
        brand="ours",
        channel="app",
        touchpoint="App Store",
        interaction_id=Source(("id",)),
        region=Source(("territory",)),
        csat=Source(("stars",)),
    ),
    _REVIEWS,
    prefixes=("attributes.",),
)
