"""Small files in the form of the real ones."""

from __future__ import annotations

import io
import tarfile
import zipfile

import numpy as np


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def tarred(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, to in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, to
            archive.addfile(info)
    return held.getvalue()


def recording(steps: int, first: float) -> bytes:
    lines = (f"1384186054309 {i} {i} {first + i} 0.5 -9.25" for i in range(steps))
    return "\n".join([*lines, ""]).encode()


def gestures_files(takes: int = 2) -> dict[str, bytes]:
    """2 people × 3 gestures × `takes` recordings of a few steps, and what else is in the real archive."""
    top = "gestures-dataset"
    files = {f"{top}/info.txt": b"about", f"{top}/gestures.png": b"no image"}
    for person in (2, 1):
        for gesture in (3, 1, 2):
            for k in range(1, takes + 1):
                name = f"{top}/U{person:02}/{gesture:02}/{k:02}.txt"
                files[name] = recording(person + gesture + k - 1, 100 * person + 10 * gesture + k)
    return files


def gestures(takes: int = 2) -> bytes:
    return zipped(gestures_files(takes))


def fashion() -> bytes:
    import torch

    images = torch.arange(15 * 28 * 28).reshape(15, 28, 28).to(torch.uint8)
    labels = torch.arange(15) % 10
    held = io.BytesIO()
    torch.save(
        {
            "traindata": images[:12],
            "trainlabels": labels[:12],
            "testdata": images[12:],
            "testlabels": labels[12:],
        },
        held,
    )
    return held.getvalue()


def picture(colour: tuple[int, int, int], width: int = 20, height: int = 12, kind="PNG") -> bytes:
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(held, kind)
    return held.getvalue()


def flowers() -> bytes:
    files = {"flower_photos/LICENSE.txt": b"CC-BY"}
    for i, name in enumerate(["tulips", "daisy", "roses"]):
        for k in range(4):
            files[f"flower_photos/{name}/{k}.jpg"] = picture((80 * i, 10 * k, 200), kind="JPEG")
    return tarred(files)


def imdb() -> bytes:
    files = {"aclImdb/README": b"about", "aclImdb/train/unsup/0_0.txt": b"unlabelled words"}
    texts = {
        "train/neg/0_1.txt": b"Bad, bad film.<br /><br />Don't see it!",
        "train/neg/1_2.txt": b"A bad film",
        "train/pos/0_9.txt": b"Good film: see it",
        "train/pos/1_9.txt": b"...",
        "test/neg/0_1.txt": b"terrible terrible terrible film",
        "test/pos/0_8.txt": b"good",
    }
    return tarred(files | {f"aclImdb/{name}": text for name, text in texts.items()})


def sunspots(months: int = 120) -> bytes:
    lines = [
        f"{1749 + i // 12} {i % 12 + 1:02} {1749 + i / 12:8.3f} {i:6.1f}  -1.0   -1  "
        for i in range(months)
    ]
    return "\n".join([*lines, ""]).encode()


def iris() -> bytes:
    rows = [
        "5.1,3.5,1.4,2 mm,Iris-setsoa",
        "5.1,3.5,1.4,2 mm,Iris-setosa",
        "58,2.7,5.1,19 mm,Iris-virginica",
        "4.9,,1.4,2 mm,Iris-setosa",
        "7.0,3.2,4.7,14 mm,Iris-versicolor",
        "6.4,3.2,4.5,15 mm,Iris-versicolor",
        "6.3,3.3,6.0,25 mm,Iris-virginica",
        "4.7,3.2,1.3,2 mm,Iris-setosa",
    ]
    return "\n".join([*rows, ""]).encode()


def penguins() -> bytes:
    import pandas as pd

    n = 9
    table = pd.DataFrame(
        {
            "studyName": ["PAL0708"] * n,
            "Species": ["Gentoo penguin", "Adelie Penguin", "Chinstrap penguin"] * 3,
            "Culmen Length (mm)": np.linspace(39, 50, n),
            "Culmen Depth (mm)": np.linspace(15, 19, n),
            "Flipper Length (mm)": np.linspace(180, 220, n),
            "Body Mass (g)": np.linspace(3500, 5500, n),
            "Sex": [None] * n,
        }
    )
    table.loc[4, "Body Mass (g)"] = np.nan
    held = io.BytesIO()
    table.to_parquet(held)
    return held.getvalue()


CONTENT = {
    "gestures": gestures,
    "fashion": fashion,
    "flowers": flowers,
    "imdb": imdb,
    "sunspots": sunspots,
    "iris": iris,
    "penguins": penguins,
}
