"""The walks of CONTRIBUTING lead to what is there: each name stands in the file beside it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALKS = [
    " ".join(walk.split())
    for walk in TEXT.partition("## Where things are")[2].partition("\n## ")[0].split("\n- ")[1:]
]
WORD = re.compile(r"`([^`]+)`")


def is_file(word):
    return re.fullmatch(r"[\w/]+\.py", word) is not None


def test_there_are_five_walks():
    heads = [re.match(r"\*\*(.+?)\*\*", walk)[1].rstrip(".") for walk in WALKS]
    assert heads == [
        "The colour of a tie",
        "The rule for a stack's size",
        "What `--where` accepts",
        "The message for an unknown dataset",
        "How a search resumes",
    ]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[:30])
def test_each_step_of_a_walk_is_there(walk):
    words = [
        word for word in WORD.findall(walk) if word not in ("--where", "interplay new", "heatmap")
    ]
    files = [word for word in words if is_file(word)]
    assert files
    sources = {name: (ROOT / "src/interplay" / name).read_text(encoding="utf-8") for name in files}
    for word in words:
        if word in files:
            continue
        assert any(re.search(rf"\b{word}\b", source) for source in sources.values()), word
        # A name in front of a file's in brackets is defined there.
        for name in re.findall(rf"`{word}` \(`([\w/.]+\.py)`\)", walk):
            assert re.search(
                rf"(def |class |^){word}\b|[\"']{word}[\"']", sources[name], re.MULTILINE
            ), f"{word} is not defined in {name}"
