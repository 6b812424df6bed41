"""IMDB: 50,000 film reviews, negative or positive, as tokens.

Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011, through mads_datasets.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from interplay.data.bars import counted
from interplay.data.dataset import Dataset
from interplay.data.download import expected_md5, fetch
from interplay.data.folder import cached, key_of
from interplay.errors import DataError

PARSER = 1  # its version: another one parses again
CLASSES = ("neg", "pos")
PADDING, UNKNOWN = 0, 1  # the first words' tokens start behind them
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def imdb(
    *,
    max_length: Annotated[int, Field(ge=1, description="tokens kept of a review, its first")] = 100,
    vocabulary: Annotated[
        int, Field(ge=3, description="distinct tokens: the most frequent words, padding, unknown")
    ] = 10_000,
) -> Dataset:
    """Tokens (max_length,), padded with 0 at the end; 1 is a word outside the vocabulary.

    Words are in lower case, without marks. They are counted over the whole official training part
    (labels are not looked at, and the rows that validate are among it); the official 25,000 test
    reviews are the test part and count for nothing. Unlabelled reviews are left out.

    Raises:
        DataError: where the files cannot be had or read.
    """
    key = key_of(expected_md5("imdb"), PARSER)
    held = cached("imdb", key, lambda: _parse(fetch("imdb")))
    starts, ends = held["ends"] - held["counts"], held["ends"]
    lengths = np.minimum(held["counts"], max_length)
    steps = np.arange(max_length)
    real = steps < lengths[:, None]
    ranks = held["ranks"][np.minimum(starts[:, None] + steps, ends[-1] - 1)]
    known = (ranks >= 0) & (ranks < vocabulary - 2)
    tokens = np.where(known, ranks.astype(np.int64) + 2, UNKNOWN)
    return Dataset(
        name="imdb",
        task="classification",
        kind="tokens",
        inputs=np.where(real, tokens, PADDING),
        targets=held["targets"],
        num_outputs=len(CLASSES),
        lengths=lengths,
        vocabulary=vocabulary,
        fixed={"test": np.flatnonzero(held["test"])},
        classes=CLASSES,
    )


def _parse(folder: Path) -> dict[str, NDArray[Any]]:
    """All reviews, one after the other, as ranks of words; -1 for a word not in the training part.

    A rank is a word's place by frequency, words of one frequency in alphabetical order.
    """
    files, targets, test = [], [], []
    for part in ("train", "test"):
        for number, name in enumerate(CLASSES):
            found = sorted((folder / part / name).glob("*.txt"), key=lambda path: path.name)
            if not found:
                raise DataError(f"dataset 'imdb': {folder / part / name} holds no reviews")
            files += found
            targets += [number] * len(found)
            test += [part == "test"] * len(found)
    texts = [_words(file) for file in counted(files, "imdb: reading")]
    counter: Counter[str] = Counter()
    for words, tested in zip(texts, test, strict=True):
        if not tested:
            counter.update(words)
    del counter[""]  # stands for a review without words
    ordered = sorted(counter, key=lambda word: (-counter[word], word))
    rank = {word: i for i, word in enumerate(ordered)}
    counts = np.array([len(words) for words in texts], dtype=np.int64)
    ranks = (rank.get(word, -1) for words in texts for word in words)
    return {
        "ranks": np.fromiter(ranks, dtype=np.int32, count=int(counts.sum())),
        "counts": counts,
        "ends": np.cumsum(counts),
        "targets": np.array(targets, dtype=np.int64),
        "test": np.array(test),
    }


def _words(file: Path) -> list[str]:
    """A review's words; one empty word where it has none, since a sequence has a step."""
    text = file.read_text(encoding="utf-8", errors="replace").lower()
    return WORD.findall(re.sub(r"<[^>]*>", " ", text)) or [""]
