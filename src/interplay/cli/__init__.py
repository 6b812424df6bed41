"""The verbs: app.py names them all, a file holds a group, and what they share is beside them.

stdout carries the answer, stderr the progress and the messages; a mistake is one message and exit 2.
"""
