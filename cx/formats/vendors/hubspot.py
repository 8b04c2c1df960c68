"""HubSpot: tickets and feedback submissions, as the CRM's API, a warehouse copy or its own table names their properties.

Durations are milliseconds; where a ticket has none they are taken from its moments. A feedback of satisfaction may be
0, 1 or 2 (unhappy, neutral, happy), which the response group tells from 1 to 5.
"""

from __future__ import annotations

from cx.formats.source import SECONDS_IN, Source
from cx.formats.vendors.sql import email, kind_of, made_id, mapped, moments, seconds_between
from cx.formats.vendors.vendor import Vendor, columns_of

_PREFIXES = ("property_", "properties_")
_CHANNELS = {"form": "web", "facebook": "social", "webpage": "web", "live_chat": "chat"}


def _milliseconds(told: str, start: str, end: str) -> str:
    return f"coalesce({told}, cast(1000 * {seconds_between(start, end)} as varchar))"


_TICKETS = f"""
with timed as (
  select *, {moments(occurred_at="created", updated_at="modified", replied_at="replied", closed_at="closed")}
  from fields
)
select *,
  case when lower(deleted) = 'true' then 'deleted' end as dropped,
  {email("coalesce(address, contact)")} as customer_id,
  {kind_of("topic", "subject")} as kind,
  coalesce({mapped("via", _CHANNELS)}, 'other') as channel,
  coalesce(topic, case when subject ilike '%complain%' then 'complaint' end) as reason,
  {_milliseconds("reply_ms", "occurred_at", "replied_at")} as first_response_ms,
  {_milliseconds("close_ms", "occurred_at", "closed_at")} as resolution_ms,
  coalesce(content, subject) as text
from timed"""

TICKETS = Vendor(
    "hubspot tickets",
    ("id", "created", "stage", "priority"),
    {
        "id": "hs_object_id hs_ticket_id id ticket_id record_id",
        "deleted": "is_deleted archived _fivetran_deleted",
        "created": "createdate",
        "modified": "hs_lastmodifieddate lastmodifieddate",
        "closed": "closed_date close_date",
        "replied": "first_agent_reply_date first_agent_response_date",
        "reply_ms": "time_to_first_agent_reply hs_time_to_first_response_in_operating_hours",
        "close_ms": "time_to_close",
        "stage": "hs_pipeline_stage ticket_status",
        "priority": "hs_ticket_priority priority",
        "topic": "hs_ticket_category category",
        "via": "source_type source hs_conversations_originating_channel",
        "subject": "subject ticket_name",
        "content": "content ticket_description",
        "contact": "hs_primary_contact_id contact_id associated_contact_ids",
        "address": "contact_email email",
        "product": "product hs_product",
    },
    columns_of(
        "occurred_at updated_at customer_id kind channel reason text product",
        source="hubspot",
        interaction_id=Source(("id",)),
        first_response_seconds=Source(("first_response_ms",), scale=SECONDS_IN["ms"]),
        resolution_seconds=Source(("resolution_ms",), scale=SECONDS_IN["ms"]),
    ),
    _TICKETS,
    _PREFIXES,
)

_FEEDBACK = f"""
with scored as (
  select *, upper(survey) as about, lower(response_group) as mood,
    max(case when upper(survey) = 'CSAT' then try_cast(score as double) end) over () <= 2 as of_three
  from fields
),
told as (
  select *, case
      when score is null or about <> 'CSAT' then null
      when try_cast(score as double) = 0 then '1'
      when try_cast(score as double) = 1 and (mood = 'neutral' or mood is null and of_three) then '3'
      when try_cast(score as double) = 2 and (mood = 'happy' or mood is null and of_three) then '5'
      else score
    end as csat
  from scored
)
select *,
  case when lower(deleted) = 'true' then 'deleted' end as dropped,
  coalesce('feedback-' || id, {made_id("about", "submitted", "contact", "score", "content")}) as interaction_id,
  {moments(occurred_at="submitted", updated_at="modified")},
  {email("coalesce(address, contact)")} as customer_id,
  case when about = 'NPS' then score end as nps,
  case when about = 'CES' then score end as ces,
  case when lower(feeling) in ('negative', 'neutral', 'positive') then lower(feeling) end as sentiment,
  {mapped("via", _CHANNELS)} as channel
from told"""

FEEDBACK = Vendor(
    "hubspot feedback",
    ("survey", "submitted", "score"),
    {
        "id": "hs_object_id id",
        "deleted": "is_deleted archived _fivetran_deleted",
        "survey": "hs_survey_type",
        "submitted": "hs_submission_timestamp",
        "modified": "hs_lastmodifieddate",
        "score": "hs_value",
        "response_group": "hs_response_group",
        "content": "hs_content",
        "feeling": "hs_sentiment",
        "via": "hs_survey_channel",
        "name": "hs_survey_name",
        "contact": "hs_contact_id contact_id",
        "address": "hs_contact_email_rollup contact_email",
        "locale": "hs_language",
    },
    columns_of(
        "interaction_id occurred_at updated_at customer_id nps csat ces sentiment channel",
        source="hubspot",
        kind="survey",
        asked="true",
        text=Source(("content",)),
        touchpoint=Source(("name",)),
        language=Source(("locale",)),
    ),
    _FEEDBACK,
    _PREFIXES,
)
