"""One module for each engine, with its ``ENGINE``; :mod:`realtime_style.engines.table` finds them.

A module here imports nothing heavy at its top: the command line reads all of them for ``--help``.
"""
