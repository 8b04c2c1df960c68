"""A live customer-experience dashboard over a DuckDB store of interaction exports.

The layers, each importing only those below it:

    app.py, pages/      ask and show
    cx/ui               Streamlit: widgets, tiles, the live push           (only here is Streamlit known)
    cx/alerts           answers -> messages, and their delivery
    cx/brief            the week on one page, for paper: asks, tells and sets it as PDF and HTML
    cx/telling          answers -> words: sentences, tiles, cells of tables
    cx/questions        one module per question: filters -> query -> small frame
    cx/charts           frame -> chart                                     (cx/pictures draws it without a browser)
    cx/engine           the same rollups from a distributed engine         (asked for by one command, and for records)
    cx/ingest           an export file -> checked rows in the store        (with formats)
    cx/limited          the rows that some people may see, in a store of their own
    cx/store, rollups   DuckDB: interactions, rollups, ledger, version     (only store, ingest and engine know duckdb)
    cx/stats            counts -> value and interval
    cx/query, kpis      filters -> SQL; the measures
    cx/access           who may see and do what, and the log of what was done
    cx/model, words, folders, errors
"""

import os

# The matrices here are small: more threads cost more than they bring. Read once, when numpy and scipy are first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
