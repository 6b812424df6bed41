"""The search loop: a trial a cell.

`rounds` asks the method for cells, `book` is what the driver knows of them, `scheduler` stops
some early in a scan, and `zoom` writes the study to run after one.
"""
