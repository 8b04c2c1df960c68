"""A live customer-experience dashboard over a DuckDB store of interaction exports.

The layers, each importing only those below it:

    app.py, pages/      ask and show
    cx/ui               Streamlit: widgets, tiles, the live push           (only here is Streamlit known)
    cx/questions        one module per question: filters -> query -> small frame
    cx/charts           frame -> chart
    cx/ingest           an export file -> checked rows in the store        (with formats)
    cx/store, rollups   DuckDB: interactions, rollups, ledger, version     (only store and ingest know duckdb)
    cx/stats            counts -> value and interval
    cx/query, kpis      filters -> SQL; the measures
    cx/model, words, folders, errors
"""

import os

# The matrices here are small: more threads cost more than they bring. Read once, when numpy and scipy are first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
