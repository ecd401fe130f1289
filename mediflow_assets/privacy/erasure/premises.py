"""Where an erasure works: the home, its lake and inbox, its database, and the key of its pseudonyms."""

from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import Lock, lock_of


@dataclass(frozen=True)
class Premises:
    """One home."""

    root: Path
    lake: Lake
    inbox: Inbox
    database_url: str
    key: PseudonymKey

    @property
    def lock(self) -> Lock:
        """The lake's lease."""
        return lock_of(self.root, self.database_url)

    @property
    def exports(self) -> Path:
        """Where exports are put unless another place is named."""
        return self.root / "exports"

    @property
    def sample(self) -> Path:
        """The sample hospital that the demo generates."""
        return self.root / "sample"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that MediFlow keeps data in: the home, and the lake if it lies elsewhere."""
        if "://" in self.lake.root or Path(self.lake.root).is_relative_to(self.root):
            return (self.root,)
        return (self.root, Path(self.lake.root))
