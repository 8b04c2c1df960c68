"""Journey: where do customers stumble, what would the ideal journey be, and who comes back?"""

import streamlit as st

from cx.questions.funnel import Comparison
from cx.telling import funnel
from cx.ui import asks, filters, journeys, page, parts, welcome
from cx.ui.sections import SECTIONS


@st.fragment
@page.in_words
def body() -> None:
    if (now := page.shown()) is None:
        return
    if journeys.through(now.version) is None:
        welcome.no_journey()
        return
    with page.bar(now):
        weeks = filters.span()
        chosen = filters.choose(journeys.choices(now.version), asks.campaign_names())
    view = now.view(chosen, weeks)
    parts.warning(funnel.unknown(journeys.unknown_stages(view.version)))
    with parts.waiting("journey"):
        shape, (told, _), gaps = (
            journeys.journey(view.version),
            journeys.funnel(view, Comparison("")),
            journeys.gaps(view),
        )
    page.head(
        funnel.title(shape, told, gaps),
        funnel.summary(shape, told, gaps),
        funnel.who(shape, told, journeys.begun(view)),
    )
    SECTIONS[filters.view()](view)


filters.restore()
body()
