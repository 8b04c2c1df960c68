"""Google Play: reviews (CSV of a month). A review of stars alone has no link, so an id is made of what stays the same."""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import made_id, moments
from cx.formats.vendors.vendor import Vendor, columns_of

_REVIEWS = f"""
with timed as (select *, {moments(occurred_at="submitted", updated_at="changed")} from fields)
select *, cast(null as varchar) as dropped,
  coalesce(
    nullif(regexp_extract(link, 'reviewId=([^&]+)', 1), ''),
    'made-' || {made_id("package", "coalesce(millis, submitted)", "device", "locale")}
  ) as interaction_id,
  replace(locale, '_', '-') as language,
  nullif(concat_ws(chr(10), nullif(trim(title), ''), nullif(trim(body), '')), '') as text
from timed"""

REVIEWS = Vendor(
    "google play reviews",
    ("package", "submitted", "stars"),
    {
        "package": "package_name",
        "version": "app_version_name app_version_code",
        "locale": "reviewer_language",
        "device": "device",
        "submitted": "review_submit_date_and_time",
        "millis": "review_submit_millis_since_epoch",
        "changed": "review_last_update_date_and_time",
        "stars": "star_rating",
        "title": "review_title",
        "body": "review_text",
        "link": "review_link",
    },
    columns_of(
        "interaction_id occurred_at updated_at text version language",
        source="google play",
        kind="review",
        brand="ours",
        channel="app",
        touchpoint="Google Play",
        product=Source(("package",)),
        csat=Source(("stars",)),
    ),
    _REVIEWS,
)
