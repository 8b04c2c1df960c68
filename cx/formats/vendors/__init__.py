"""The exports that are known without a mapping: one module a system, one `Vendor` a kind of export."""

from __future__ import annotations

from cx.formats.vendors import (
    app_store,
    freshdesk,
    ga4,
    google_play,
    hubspot,
    intercom,
    qualtrics,
    salesforce,
    shopify,
    surveymonkey,
    zendesk,
)
from cx.formats.vendors.vendor import Vendor

VENDORS: tuple[Vendor, ...] = (
    zendesk.TICKETS,
    zendesk.RATINGS,
    freshdesk.TICKETS,
    hubspot.TICKETS,
    hubspot.FEEDBACK,
    intercom.CONVERSATIONS,
    salesforce.CASES,
    shopify.ORDERS,
    google_play.REVIEWS,
    app_store.REVIEWS,
    qualtrics.RESPONSES,
    qualtrics.LEGACY,
    surveymonkey.RESPONSES,
    ga4.EVENTS,
)
"""Every built-in format."""
