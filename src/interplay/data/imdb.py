"""IMDB: 50,000 film reviews, negative or positive, as tokens.

Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011, through mads_datasets.
"""

from __future__ import annotations

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
from interplay.data.raw import Raw
from interplay.data.raw.words import PADDING, UNKNOWN, words_of_text
from interplay.errors import DataError

PARSER = 2  # its version: another one parses again
CLASSES = ("neg", "pos")


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
    words = held["words"].tobytes().decode("utf-8").split("\n")[: vocabulary - 2]
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
        raw=Raw("words", {"vocabulary": words, "max_length": max_length}),
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
        # One text, for an array of words would give each the room of the longest.
        "words": np.frombuffer("\n".join(ordered).encode("utf-8"), dtype=np.uint8),
        "ends": np.cumsum(counts),
        "targets": np.array(targets, dtype=np.int64),
        "test": np.array(test),
    }


def _words(file: Path) -> list[str]:
    return words_of_text(file.read_text(encoding="utf-8", errors="replace"))
