"""Saying the answers in words; nothing is asked, computed or drawn here.

values   names, values, intervals and changes
week     the tiles and the headline of the weekly health
plots    the texts of charts and tables
"""
