"""Intercom: conversations, from the API (nested, flattened with dots) or a warehouse copy with their history.

Moments are seconds since 1970 or ISO, durations are seconds. Of a conversation's states the latest stands.
"""

from __future__ import annotations

from cx.formats.source import Source
from cx.formats.vendors.sql import email, mapped, moments, without_markup
from cx.formats.vendors.vendor import Vendor, columns_of

_CHANNELS = {
    "conversation": "chat", "messenger": "chat", "push": "app", "facebook": "social", "instagram": "social",
    "twitter": "social", "phone_call": "phone", "phone_switch": "phone", "whatsapp": "chat",
}  # fmt: skip

_CONVERSATIONS = f"""
select *,
  case
    when lower(deleted) = 'true' then 'deleted'
    when lower(delivered_as) in ('admin_initiated', 'operator_initiated', 'campaign_initiated') then 'outbound'
  end as dropped,
  {moments(occurred_at="created", updated_at="updated")},
  {email("coalesce(address, author)")} as customer_id,
  coalesce({mapped("via", _CHANNELS)}, 'other') as channel,
  case when coalesce(rating, rating_asked) is not null then 'true' end as asked,
  case when lower(state) = 'closed' then try_cast(reopens as double) = 0 end as resolved_first_contact,
  case when lower(bot) = 'true' then 'bot' end as handled_by,
  case when lower(bot) = 'true' and outcome is not null then lower(outcome) = 'routed_to_team' end as escalated,
  {without_markup("coalesce(body, subject)")} as text
from fields"""

CONVERSATIONS = Vendor(
    "intercom conversations",
    ("id", "created", "updated", "state", "via"),
    {
        "id": "conversation_id id",
        "created": "created_at",
        "updated": "updated_at",
        "state": "state",
        "via": "source_type",
        "delivered_as": "source_delivered_as",
        "author": "source_author_id contact_id",
        "address": "source_author_email contact_email",
        "body": "source_body",
        "subject": "source_subject",
        "rating": "conversation_rating_value conversation_rating_rating conversation_rating",
        "rating_asked": "conversation_rating_created_at",
        "remark": "conversation_rating_remark",
        "reply": "statistics_time_to_admin_reply time_to_admin_reply statistics_first_response_time",
        "close": "statistics_time_to_last_close statistics_time_to_first_close time_to_last_close time_to_first_close",
        "reopens": "statistics_count_reopens count_reopens",
        "bot": "ai_agent_participated",
        "outcome": "ai_agent_resolution_state",
        "deleted": "_fivetran_deleted redacted",
    },
    columns_of(
        "occurred_at updated_at customer_id channel asked resolved_first_contact handled_by escalated text",
        source="intercom",
        kind="contact",
        interaction_id=Source(("id",)),
        csat=Source(("rating",)),
        first_response_seconds=Source(("reply",)),
        resolution_seconds=Source(("close",)),
    ),
    _CONVERSATIONS,
)
