"""What a file unpacks to, and how much of that is allowed."""

import os
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import UNJUDGED_BYTES, Limits


class Unpacking:
    """What a file unpacks to, counted; refused where that is beyond what a file of its size may hold."""

    def __init__(self, file: Path | int, limits: Limits) -> None:
        packed = (os.fstat(file) if isinstance(file, int) else file.stat()).st_size
        self._most = min(max(packed * limits.expansion, UNJUDGED_BYTES), limits.unpacked_bytes)
        self._taken = 0

    def take(self, size: int) -> None:
        """So many bytes more. Raises DeliveryRefused."""
        self._taken += size
        if self._taken > self._most:
            raise DeliveryRefused(
                "unpacked it is many times its size, more than a delivery may be. Deliver it in parts, or raise "
                "MEDIFLOW_MAX_EXPANSION or MEDIFLOW_MAX_UNPACKED_BYTES."
            )

    def taken(self, piece: bytes) -> bytes:
        """A piece, counted. Raises DeliveryRefused."""
        self.take(len(piece))
        return piece
