"""Members in, rows out: optimisers, schedules, metrics, streams, engines. Torch comes in where it is used."""
