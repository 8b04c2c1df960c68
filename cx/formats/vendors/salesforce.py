"""Salesforce Service Cloud: cases, by the API's names or the labels of a report. A case has no satisfaction of its own."""

from __future__ import annotations

from cx.formats.vendors.sql import email, kind_of, mapped, moments, seconds_between
from cx.formats.vendors.vendor import Vendor, columns_of

_CHANNELS = {
    "twitter": "social", "facebook": "social", "live chat": "chat", "messaging": "chat", "sms": "sms",
    "community": "web", "in person": "store",
}  # fmt: skip

_CASES = f"""
with timed as (
  select *, {moments(occurred_at="created", updated_at="modified", closed_at="closed")}
  from fields
)
select *,
  case when lower(deleted) in ('true', '1') then 'deleted' end as dropped,
  coalesce(number, id) as interaction_id,
  {email("coalesce(address, contact)")} as customer_id,
  {kind_of("topic", "why")} as kind,
  coalesce({mapped("origin", _CHANNELS)}, 'other') as channel,
  coalesce(why, topic) as reason,
  cast({seconds_between("occurred_at", "closed_at")} as varchar) as resolution_seconds,
  coalesce(description, subject) as text
from timed"""

CASES = Vendor(
    "salesforce cases",
    ("number", "status", "origin", "created"),
    {
        "number": "case_number",
        "id": "id case_id",
        "contact": "contact_id",
        "address": "contact_email supplied_email",
        "topic": "type case_type",
        "why": "reason case_reason",
        "status": "status",
        "origin": "origin case_origin",
        "subject": "subject",
        "description": "description",
        "created": "created_date date/time_opened opened_date date_opened",
        "closed": "closed_date date/time_closed date_closed",
        "modified": "last_modified_date case_last_modified_date system_modstamp",
        "escalated": "is_escalated escalated",
        "product": "product product_name asset_name",
        "deleted": "is_deleted",
        "language": "language",
    },
    columns_of(
        "interaction_id occurred_at updated_at customer_id kind channel reason escalated product text language"
        " resolution_seconds",
        source="salesforce",
    ),
    _CASES,
)
