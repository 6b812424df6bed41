"""Members in, rows out. Torch comes in where it is used.

`reference` trains one member with mltrainer, `stacked` many as one, `function` is the user's own;
what they share is here: `members`, optimisers, schedules, metrics, batches and random numbers.
"""
