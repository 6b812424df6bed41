"""One A4 page a study: figures, numbers and the author's own reflection, typeset with Typst.

`build` is the way from results to the page, `content` its numbers as plain values, `reflection`
reads the author's Markdown, `settings` what the page is of.
"""
