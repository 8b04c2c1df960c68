"""The dashboard's front door: `streamlit run app.py`.

Streamlit imports this file as the server (`app`, with its own routes) and runs it as the script of every viewer.
"""

import streamlit as st

from cx.ui import asks, journeys, link, live, surging
from cx.words import t

if __name__ == "__main__":
    st.set_page_config(page_title=t("Customer experience"), page_icon=live.STATIC / "icon.png", layout="wide")
    st.html(live.STYLE)
    st.logo(live.STATIC / "logo.svg")
    live.survive_restarts()
    pages = [
        st.Page(
            "pages/weekly_health.py", title=t("Weekly health"), icon=":material/monitor_heart:", default=True
        ),
        st.Page("pages/surges.py", title=t("Surges"), icon=":material/notifications_active:"),
        st.Page("pages/campaigns.py", title=t("Campaigns"), icon=":material/campaign:"),
        st.Page("pages/benchmarks.py", title=t("Benchmarks"), icon=":material/leaderboard:"),
        st.Page("pages/journey.py", title=t("Journey"), icon=":material/route:"),
        st.Page("pages/data.py", title=t("Data"), icon=":material/database:"),
    ]
    page = st.navigation(pages, position="top")
    link.arrived(page.url_path)
    page.run()
else:
    live.warm_with(asks.warm, surging.warm, journeys.warm)
    app = st.App(__file__, routes=live.routes(), lifespan=live.lifespan)
