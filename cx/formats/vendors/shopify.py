"""Shopify: orders (CSV), one row for each line item, with the order's own fields on the first row of it only.

Each line is an order row with its share of the subtotal (what was paid for goods, after discounts); a cancelled or
refunded order is a return as well. The export tells no time of a refund: it is that of the cancelling, or the order's.
"""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import email, mapped, moments
from cx.formats.vendors.vendor import Vendor, columns_of

_CHANNELS = {"pos": "store", "iphone": "app", "android": "app", "shopify_draft_order": "phone"}

_OF_ORDER = "address customer subtotal total refunded created cancelled source code country"


def _filled(name: str) -> str:
    return f"max({name}) over (partition by number) as {name}"


_ORDERS = f"""
with moments as (
  select * exclude (created, cancelled), {moments(created="created", cancelled="cancelled")} from fields
),
filled as (
  select file_row, number, item, sku, quantity, price, line_discount,
    row_number() over (partition by number order by file_row) as line,
    coalesce(sku, item, '') as goods, row_number() over (partition by number, goods order by file_row) as again,
    {", ".join(map(_filled, _OF_ORDER.split()))}
  from moments
),
timed as (
  select *,
    try_cast(quantity as double) * try_cast(price as double) - coalesce(try_cast(line_discount as double), 0) as worth
  from filled
),
valued as (
  select *, sum(worth) over (partition by number) as worth_of_order, count(*) over (partition by number) as lines,
    sum(try_cast(quantity as double)) over (partition by number) as units_of_order,
    try_cast(coalesce(subtotal, total) as double) as paid, coalesce(try_cast(refunded as double), 0) as given_back
  from timed
),
lines as (
  select file_row, 'order' as kind, number || '-' || goods || case when again > 1 then '-' || again else '' end
      as interaction_id, created as occurred_at,
    coalesce(item, sku) as product, quantity as units,
    case
      when worth is null then price
      when worth_of_order > 0 and paid is not null then cast(round(paid * worth / worth_of_order, 4) as varchar)
      else cast(worth as varchar)
    end as amount,
    * exclude (file_row)
  from valued
),
returns as (
  select file_row, 'return' as kind, number || '-return' as interaction_id,
    coalesce(cancelled, created) as occurred_at,
    case when lines = 1 then coalesce(item, sku) end as product,
    case when cancelled is not null or given_back >= try_cast(total as double)
      then cast(try_cast(units_of_order as bigint) as varchar) end as units,
    cast(given_back as varchar) as amount,
    * exclude (file_row)
  from valued where line = 1 and (cancelled is not null or given_back > 0)
)
select *, cast(null as varchar) as dropped, {email("coalesce(address, customer)")} as customer_id,
  coalesce({mapped("source", _CHANNELS)}, 'web') as channel
from (select * from lines union all by name select * from returns)"""

ORDERS = Vendor(
    "shopify orders",
    ("number", "created", "quantity", "item", "price"),
    {
        "number": "name",
        "address": "email",
        "customer": "customer_id",
        "created": "created_at",
        "cancelled": "cancelled_at",
        "quantity": "lineitem_quantity",
        "item": "lineitem_name",
        "sku": "lineitem_sku",
        "price": "lineitem_price",
        "line_discount": "lineitem_discount",
        "subtotal": "subtotal",
        "total": "total",
        "refunded": "refunded_amount",
        "code": "discount_code",
        "source": "source",
        "country": "shipping_country billing_country",
    },
    columns_of(
        "kind interaction_id occurred_at product units amount customer_id channel",
        source="shopify",
        order_id=Source(("number",)),
        campaign_id=Source(("code",)),
        region=Source(("country",)),
    ),
    _ORDERS,
)
