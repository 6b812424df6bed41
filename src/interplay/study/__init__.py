"""What is asked: a study as it is written, checked as a whole; it holds data only.

`settings` do not vary, `sections` may, each checked against signatures; `checks` need both;
`readers` are notations of ranges, `writing` writes study files, `starter` the first one.
"""
