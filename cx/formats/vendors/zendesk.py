"""Zendesk: tickets, from the report (CSV) or the API (nested or flattened, with metrics), and satisfaction ratings.

A ticket is one contact with its rating on it: good is 5, bad is 1. Durations are the calendar ones.
"""

from __future__ import annotations

from cx.formats.source import SECONDS_IN, Source
from cx.formats.vendors.sql import email, kind_of, mapped, moments
from cx.formats.vendors.vendor import Vendor, columns_of
from cx.words import mark

_CHANNELS = {
    "mail": "email", "web form": "web", "web service (api)": "api", "web_service": "api", "help_center": "web",
    "voice": "phone", "phone call (inbound)": "phone", "phone call (incoming)": "phone", "phone call (outbound)": "phone",
    "voicemail": "phone", "native_messaging": "chat", "messaging": "chat", "mobile_sdk": "app", "mobile": "app",
    "mobile sdk": "app", "twitter": "social", "x corp": "social", "facebook": "social", "instagram_dm": "social",
    "facebook post": "social", "facebook message": "social", "web widget": "web", "text message": "sms",
}  # fmt: skip
_SCORES = {
    "good": "5", "good with comment": "5", "bad": "1", "bad with comment": "1",
    "offered": "", "unoffered": "", "not offered": "", "-": "",
}  # fmt: skip
_SCORES |= {told.replace(" ", "_"): score for told, score in _SCORES.items()}

_TICKETS = f"""
with timed as (select *, {moments(occurred_at="created", changed_at="updated")} from fields)
select *,
  case
    when lower(status) = 'deleted' or lower(deleted) = 'true' then 'deleted'
    when regexp_matches(coalesce(tags, ''), '(^|[^a-z_])closed_by_merge([^a-z_]|$)') then 'merged'
    when lower(status) in ('suspended', 'spam') then 'spam'
  end as dropped,
  {email("coalesce(address, requester)")} as customer_id,
  {kind_of("tags", "topic", "ticket_type")} as kind,
  coalesce({mapped("via", _CHANNELS)}, 'other') as channel,
  coalesce(topic, ticket_type, case when tags ilike '%complain%' then 'complaint' end) as reason,
  {mapped("score", _SCORES)} as csat,
  case when lower(score) not in ('unoffered', 'not offered', '-') then 'true' end as asked,
  case when lower(status) in ('solved', 'closed') then try_cast(reopens as double) = 0 end as resolved_first_contact,
  coalesce(description, subject) as text
from timed"""

TICKETS = Vendor(
    "zendesk tickets",
    ("id", "requester", "status", "created", "via", "subject"),
    {
        "id": "id ticket_id",
        "requester": "requester_id requester_email requester",
        "address": "requester_email",
        "status": "status ticket_status",
        "created": "created_at",
        "updated": "updated_at",
        "via": "via_channel via channel",
        "subject": "subject",
        "description": "description",
        "tags": "tags",
        "ticket_type": "ticket_type type",
        "topic": "contact_reason_[list] reason_[list] category_[list] topic_[list] about_[list] contact_reason",
        "product": "product_[list] product",
        "desk": "group group_name",
        "deleted": "_fivetran_deleted is_deleted",
        "score": "satisfaction_score satisfaction_rating_score satisfaction_rating",
        "reopens": "reopens metric_set_reopens metrics_reopens",
        "first_reply": "first_reply_time_in_minutes first_reply_time_(min) first_reply_time_minutes"
        " metric_set_reply_time_in_minutes_calendar reply_time_in_minutes_calendar metrics_reply_time_in_minutes_calendar"
        " first_reply_time_in_minutes_calendar",
        "resolution": "full_resolution_time_in_minutes full_resolution_time_(min) full_resolution_time_minutes"
        " metric_set_full_resolution_time_in_minutes_calendar full_resolution_time_in_minutes_calendar"
        " metrics_full_resolution_time_in_minutes_calendar",
        "locale": "requester_language requester_locale",
    },
    columns_of(
        "occurred_at customer_id kind channel reason csat asked resolved_first_contact text product",
        source="zendesk",
        interaction_id=Source(("id",)),
        updated_at=Source(("changed_at",)),
        touchpoint=Source(("desk",)),
        first_response_seconds=Source(("first_reply",), scale=SECONDS_IN["min"]),
        resolution_seconds=Source(("resolution",), scale=SECONDS_IN["min"]),
        language=Source(("locale",)),
    ),
    _TICKETS,
)

_RATINGS = f"""
select *,
  case when lower(score) = 'unoffered' then 'unasked' end as dropped,
  'rating-' || id as interaction_id, {moments(occurred_at="created", updated_at="updated")},
  {email("requester")} as customer_id, {mapped("score", _SCORES)} as csat
from fields"""

RATINGS = Vendor(
    "zendesk satisfaction ratings",
    ("id", "ticket", "score", "requester", "created", "assignee"),
    {
        "id": "id",
        "ticket": "ticket_id",
        "score": "score",
        "requester": "requester_id",
        "created": "created_at",
        "updated": "updated_at",
        "assignee": "assignee_id",
        "comment": "comment",
        "why": "reason",
    },
    columns_of(
        "interaction_id occurred_at updated_at customer_id csat",
        source="zendesk",
        kind="survey",
        asked="true",
        text=Source(("comment",)),
        reason=Source(("why",)),
    ),
    _RATINGS,
    notes=(mark("Tickets carry their ratings too: if you take in both, each rating counts twice."),),
)
