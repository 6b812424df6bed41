"""One A4 page a study: figures, numbers and the author's own reflection, typeset with Typst."""
