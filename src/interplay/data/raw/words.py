"""Texts to tokens, by a vocabulary."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from interplay.data.raw import Taken
from interplay.data.raw.sequences import padded
from interplay.errors import DataError

PADDING, UNKNOWN = 0, 1  # the first words' tokens start behind them
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words(given: Any, /, *, vocabulary: list[str], max_length: int) -> Taken:
    """One text or a list of them: their first words as tokens, 2 for the vocabulary's first.

    Raises:
        DataError: for what is no text.
    """
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, (list, tuple)) and not hasattr(texts, "tolist"):
        raise DataError(f"an input is a text, or a list of texts, not {type(given).__name__}")
    texts = list(texts)
    if not texts:
        raise DataError("there is no text among those given")
    if strange := [text for text in texts if not isinstance(text, str)]:
        raise DataError(f"an input is a text, not {type(strange[0]).__name__}")
    token = {word: i for i, word in enumerate(vocabulary, UNKNOWN + 1)}
    rows = [
        np.array([token.get(word, UNKNOWN) for word in words_of_text(text)[:max_length]], np.int64)
        for text in texts
    ]
    return padded(rows, max_length, isinstance(given, str))


def words_of_text(text: str) -> list[str]:
    """A text's words, in lower case, without marks and tags; one empty word where it has none,
    since a sequence has a step."""
    return WORD.findall(re.sub(r"<[^>]*>", " ", text.lower())) or [""]
