"""The same rollups from a distributed engine, for exports that outgrow one machine (docs/engine.md).

settings    cx.toml and the environment -> which engine, where, with what
storage     a folder or a bucket: what lies there, and a pointer switched at one stroke
dialect     the product's own statements by day -> the engine's SQL
lint        what does not carry over from DuckDB is refused, not translated wrongly
counting    every statement that counts by day, as the product runs them
workers     what runs on the engine's Python workers: reading and checking an export, folding customers
session     a connection that is refused in words, within seconds
job         one run: its session, where its version is made, what it is made of
latest      of each row the latest state, and its customer's number
increment   what new exports do not touch is taken over from the version before
running     exports -> checked -> latest -> rollups, in a new version
versions    versions of rollups beside each other, and the one that counts
serving     a version into the store that the dashboard opens
asking      the interactions of that version, for what stands behind a figure

What reads or checks a row, and what folds a customer's way, is the product's own code on the engine's workers; sums by
day are the product's own SQL in the engine's dialect. Only `session` and `dialect` load what requirements-spark.txt asks for, and
only once the engine is asked for.
"""
