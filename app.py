"""The dashboard's front door: `streamlit run app.py`.

Streamlit imports this file as the server (`app`, with its own routes) and runs it as the script of every viewer.
"""

import streamlit as st

from cx.ui import asks, campaigning, doors, gate, journeys, link, live, sharing, surging
from cx.ui.speaking import speak
from cx.words import t

if __name__ == "__main__":
    speak()
    st.set_page_config(page_title=t("Customer experience"), page_icon=live.ICON, layout="wide")
    st.html(live.STYLE)
    st.logo(live.STATIC / "logo.svg")
    live.survive_restarts()
    inside = gate.entered()
    if inside:
        doors.recall()
    page = st.navigation(doors.pages(), position="top" if inside else "hidden")
    if inside:
        begun = link.arrived(page.url_path)
        doors.enter(begun)
        sharing.bar()
        doors.ask()
        if doors.open_to_viewer(page.url_path):
            page.run()
            link.note({link.DOOR: doors.DOORS})
        else:
            gate.closed(doors.file(doors.HOME))
else:
    live.warm_with(asks.warm, behind=[surging.warm, journeys.warm], slow=[campaigning.warm])
    app = st.App(__file__, routes=live.routes(), lifespan=live.lifespan)
