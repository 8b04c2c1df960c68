"""Saying the answers in words; nothing is asked, computed or drawn here.

shapes   what a page shows: tiles, and the cells of tables
values   names, values, intervals and changes
week     the tiles and the headline of the weekly health
plots    the texts of charts and tables
"""
