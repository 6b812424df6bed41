"""Members in, rows out: optimisers, schedules, metrics, random numbers, engines. Torch comes in where
it is used."""
