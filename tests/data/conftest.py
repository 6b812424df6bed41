"""A loopback server for the real download code of mads_datasets, and a data folder of one's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from interplay.data import DATASETS

SETTINGS = {
    "gestures": "gesturesdatasetsettings",
    "fashion": "fashionmnistsettings",
    "flowers": "flowersdatasetsettings",
    "imdb": "imdbdatasetsettings",
    "sunspots": "sunspotsettings",
    "iris": "irissettings",
    "penguins": "penguinssettings",
}


class Server:
    """Serves `content` at any path, as `how` says: good, short (closes early), missing.

    Attributes:
        asked: how many requests came.
    """

    def __init__(self) -> None:
        self.content, self.how, self.asked = b"", "good", 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                if outer.how == "missing":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                whole = outer.content
                self.wfile.write(whole[: len(whole) // 2] if outer.how == "short" else whole)

            def log_message(self, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/file"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of this test, empty; and no proxy stands before the loopback."""
    monkeypatch.setenv("INTERPLAY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def offer(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    """`offer(name, content)`: what mads_datasets downloads as `name`, its digest made to match."""
    import mads_datasets

    def put(name: str, content: bytes, digest: str | None = None, url: str | None = None) -> Server:
        assert DATASETS.get(name).download is not None
        server.content = content
        settings = getattr(mads_datasets, SETTINGS[name])
        digest = digest or hashlib.md5(content).hexdigest()
        changed = settings.model_copy(update={"dataset_url": url or server.url, "digest": digest})
        monkeypatch.setattr(mads_datasets, SETTINGS[name], changed)
        return server

    return put
