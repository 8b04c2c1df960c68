"""Freshdesk: tickets (CSV).

'Initial response time' is a moment. Durations run from 'Created time' to it and to 'Resolved time' (the calendar); the
columns in hours, which may count business hours alone, stand in where a moment is not there.
"""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import email, hours, kind_of, mapped, moments, seconds_between
from cx.formats.vendors.vendor import Vendor, columns_of

_CHANNELS = {
    "portal": "web", "feedback widget": "web", "bot": "chat", "mobihelp": "app", "twitter": "social",
    "facebook": "social", "outbound email": "email", "whatsapp": "chat",
}  # fmt: skip
_RESULTS = {
    "extremely happy": "5", "very happy": "5", "happy": "4", "neutral": "3", "unhappy": "2", "very unhappy": "1",
    "extremely unhappy": "1", "awesome": "5", "just okay": "3", "not good": "1", "no response": "", "-": "",
}  # fmt: skip

_TICKETS = f"""
with timed as (
  select *, {moments(occurred_at="created", updated_at="updated", responded_at="responded", resolved_at="resolved")}
  from fields
)
select *,
  case when lower(status) in ('deleted', 'trash') then 'deleted' when lower(status) = 'spam' then 'spam' end as dropped,
  {email("coalesce(address, contact)")} as customer_id,
  {kind_of("topic", "tags")} as kind,
  coalesce({mapped("via", _CHANNELS)}, 'other') as channel,
  coalesce(topic, case when tags ilike '%complain%' then 'complaint' end) as reason,
  {mapped("survey", _RESULTS)} as csat,
  case when survey is not null then 'true' end as asked,
  coalesce(cast({seconds_between("occurred_at", "responded_at")} as varchar), {hours("first_response_hours")})
    as first_response_seconds,
  coalesce(cast({seconds_between("occurred_at", "resolved_at")} as varchar), {hours("resolution_hours")})
    as resolution_seconds
from timed"""

TICKETS = Vendor(
    "freshdesk tickets",
    ("id", "status", "via", "created", "subject"),
    {
        "id": "ticket_id",
        "subject": "subject",
        "status": "status",
        "via": "source",
        "topic": "type",
        "tags": "tags",
        "created": "created_time",
        "updated": "last_update_time updated_time",
        "responded": "initial_response_time",
        "resolved": "resolved_time closed_time",
        "first_response_hours": "first_response_time_(in_hrs)",
        "resolution_hours": "resolution_time_(in_hrs)",
        "survey": "survey_results survey_result",
        "product": "product",
        "desk": "group",
        "address": "email contact_email",
        "contact": "contact_id requester_id",
    },
    columns_of(
        "occurred_at updated_at customer_id kind channel reason csat asked product"
        " first_response_seconds resolution_seconds",
        source="freshdesk",
        interaction_id=Source(("id",)),
        touchpoint=Source(("desk",)),
        text=Source(("subject",)),
    ),
    _TICKETS,
)
