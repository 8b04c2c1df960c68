"""Google Analytics 4: the BigQuery export of events, in Parquet with its nested columns.

A session is one visit a day for each stage that it reached; a purchase is one order row an item, a refund a return, and a
sign-up of a known user a signup. Without analytics_storage there is no consent: the row counts, who it was is not kept.
"""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import made_id
from cx.formats.vendors.vendor import Vendor, columns_of

STAGES = {
    "session_start": "discover", "first_visit": "discover", "first_open": "discover", "page_view": "discover",
    "screen_view": "discover", "search": "research", "view_search_results": "research",
    "view_item_list": "research", "select_item": "research", "view_item": "compare", "add_to_wishlist": "compare",
    "add_to_cart": "purchase", "view_cart": "purchase", "begin_checkout": "purchase", "add_payment_info": "purchase",
    "add_shipping_info": "purchase",
}  # fmt: skip
"""An event -> the stage of the journey (by the ids of the journey that stands where the company has written none)."""

_STAGES = " ".join(f"when '{event}' then '{stage}'" for event, stage in STAGES.items())


_PARAMS = '[{"key": "VARCHAR", "value": {"string_value": "VARCHAR", "int_value": "VARCHAR"}}]'
_ITEMS = '[{"item_id": "VARCHAR", "item_name": "VARCHAR", "price": "DOUBLE", "quantity": "DOUBLE"}]'


def _param(name: str, kind: str) -> str:
    return f"list_filter(params, lambda p: p.key = '{name}')[1].value.{kind}_value"


def _of(struct: str, name: str) -> str:
    """A value of a nested column, or of the column with a dot that JSON lines make of it."""
    return f"coalesce({struct}_{name}, try(json_extract_string({struct}, '$.{name}')))"


_EVENTS = f"""
with read as (
  select *, try(from_json(event_params, '{_PARAMS}')) as params,
    list_filter(try(from_json(items, '{_ITEMS}')), lambda i: coalesce(i.item_name, i.item_id) is not null) as bought
  from fields
),
told as (
  select file_row, event, event_timestamp, bought,
    pseudo, day,
    coalesce(cast(try(make_timestamp(try_cast(event_timestamp as bigint))) as varchar), event_timestamp) as occurred_at,
    coalesce(account, pseudo) as customer_id,
    {_param("ga_session_id", "int")} as session, {_param("page_location", "string")} as page,
    coalesce({_param("campaign", "string")}, nullif({_of("traffic_source", "name")}, '(direct)')) as campaign_id,
    case lower(platform) when 'ios' then 'app' when 'android' then 'app' else lower(platform) end as channel,
    case lower({_of("device", "category")}) when 'smart tv' then 'other' else lower({_of("device", "category")}) end
      as device,
    {_of("geo", "country")} as region,
    {_of("ecommerce", "transaction_id")} as order_id, {_of("ecommerce", "refund_value")} as refund_value,
    case lower({_of("privacy_info", "analytics_storage")}) when 'no' then 'false' when 'yes' then 'true' end as consent,
    case event {_STAGES} end as stage
  from read
),
known as (
  select *, case when pseudo is not null and session is not null
      then {made_id("pseudo", "session", "day")}
      else {made_id("event", "event_timestamp", "page", "customer_id", "order_id")}
    end as visit
  from told
),
visits as (
  select *, 'visit' as kind, visit || '.' || stage as interaction_id,
    case when row_number() over (partition by visit, stage order by event_timestamp, file_row) > 1 then 'same visit' end
      as dropped
  from known where stage is not null
),
signups as (
  select *, 'signup' as kind, visit || '.' || event as interaction_id,
    case when row_number() over (partition by visit, event order by event_timestamp, file_row) > 1 then 'same visit' end
      as dropped
  from known where event in ('sign_up', 'generate_lead')
),
sales as (
  select *, case when event in ('purchase', 'ecommerce_purchase') then 'order' else 'return' end as kind,
    case when order_id is not null
      and row_number() over (partition by order_id, event order by event_timestamp, file_row) > 1 then 'repeated' end
      as dropped
  from known where event in ('purchase', 'ecommerce_purchase', 'refund')
),
orders as (
  select * exclude (item), order_id || '-' || place as interaction_id, coalesce(item.item_name, item.item_id) as product,
    cast(coalesce(item.quantity, 1) as varchar) as units,
    cast(item.price * coalesce(item.quantity, 1) as varchar) as amount
  from (
    select * exclude (bought), unnest(bought) as item, generate_subscripts(bought, 1) as place
    from (select * replace (case when len(bought) > 0 then bought else [null] end as bought) from sales where kind = 'order')
  )
),
returns as (
  select *, order_id || '-return' as interaction_id, refund_value as amount from sales where kind = 'return'
),
others as (
  select *, 'event' as dropped from known
  where stage is null and event not in ('sign_up', 'generate_lead', 'purchase', 'ecommerce_purchase', 'refund')
)
select * exclude (bought) from (
  select * from visits union all by name select * from signups union all by name select * from orders
  union all by name select * from returns union all by name select * from others
)"""

EVENTS = Vendor(
    "ga4 events",
    ("event", "day", "event_timestamp", "event_params", "pseudo"),
    {
        "event": "event_name",
        "event_timestamp": "event_timestamp",
        "event_params": "event_params",
        "day": "event_date",
        "account": "user_id",
        "pseudo": "user_pseudo_id",
        "privacy_info": "privacy_info",
        "traffic_source": "traffic_source",
        "device": "device",
        "platform": "platform",
        "geo": "geo",
        "ecommerce": "ecommerce",
        "items": "items",
        "device_category": "device.category",
        "geo_country": "geo.country",
        "ecommerce_transaction_id": "ecommerce.transaction_id",
        "ecommerce_refund_value": "ecommerce.refund_value",
        "privacy_info_analytics_storage": "privacy_info.analytics_storage",
        "traffic_source_name": "traffic_source.name",
    },
    columns_of(
        "kind interaction_id occurred_at customer_id stage channel device campaign_id region order_id product units"
        " amount consent",
        source="ga4",
        touchpoint=Source(("event",)),
    ),
    _EVENTS,
)
