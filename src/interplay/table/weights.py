"""Trained weights, a file a member: `models/<key>.safetensors` in the run folder."""

from __future__ import annotations

from pathlib import Path

from interplay.errors import LedgerError
from interplay.table.folder import patiently, put, remove

ENDING = ".safetensors"


class Weights:
    """Files by member key. What is in them is `training.kept`'s business; a ledger owns the place.

    Args:
        folder: made with the first file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, key: str, content: bytes) -> None:
        """Keep a member's, whole or not at all, in place of those from before.

        A power cut may lose the last ones: a cell without weights is trained again.

        Raises:
            LedgerError: where it cannot be written.
        """
        put(self._path(key), content)

    def read(self, key: str) -> bytes:
        """A member's.

        Raises:
            LedgerError: where it left none.
        """
        try:
            return patiently(self._path(key).read_bytes)
        except OSError:
            raise LedgerError(f"{self.folder} has no weights of member {key}") from None

    def has(self, key: str) -> bool:
        return self._path(key).is_file()

    def keys(self) -> set[str]:
        """Of the members that left some."""
        found = self.folder.glob(f"*{ENDING}")
        return {path.stem for path in found if not path.name.startswith(".")}

    def discard(self, key: str) -> None:
        """Forget a member's, where there are any."""
        remove(self._path(key))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{ENDING}"
