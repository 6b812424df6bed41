"""Rows that stay: the ledger, which owns a run's folder and gives its table.

`folder` names all that lies there, `parts` are its Parquet files, `arrow` turns members and rows
into tables and frames; `search_record` is what a search suggested, `weights` what trainings leave.
"""
