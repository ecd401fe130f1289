"""Makes `format-N.tar.gz`: the lake of a home as an older version writes it.

Run it by the code of that version:

    git worktree add OLDER COMMIT && make -C OLDER setup
    cd OLDER && .venv/bin/python -P HERE/make_home.py HERE/format-1.tar.gz

OLDER is a folder for that version, HERE this folder of the newest one. Before `FORMAT` is raised, make the archive of
the format that ends.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def make(archive: Path) -> None:
    """Live through the story in a new home, and pack its lake."""
    sys.path[:0] = [str(Path.cwd()), str(HERE)]
    import story  # type: ignore[import-not-found]

    from mediflow_assets.definitions import build_defs
    from mediflow_assets.defs import launching
    from mediflow_assets.ingest.inbox import Inbox
    from mediflow_assets.settings import Settings
    from mediflow_assets.sources import Feeds
    from mediflow_assets.storage.delta import Lake

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        settings.secrets.mkdir(mode=0o700, parents=True)
        (settings.secrets / "pseudonym.key").write_bytes(story.SECRET)
        (settings.secrets / "pseudonym.key").chmod(0o600)
        launching.install_dagster_home(settings)
        # no sources.toml may say these words any more
        Feeds.load = lambda *_: story.FEEDS  # type: ignore[method-assign,assignment]

        def run() -> None:
            outcome = launching.run_job(build_defs(settings), "refresh")
            assert outcome.is_success, (outcome.failed_checks, outcome.errors)

        lake, inbox = Lake(settings.lake_root), Inbox(settings.inbox, Feeds())
        story.tell(lake, inbox, settings.root / "lake.lock", Path(folder) / "dropped", run)
        launching.end_engine()
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(settings.lake_root, "lake", filter=_nobodys)


def _nobodys(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the name of whoever made it."""
    info.uid, info.gid, info.uname, info.gname = 0, 0, "", ""
    return info


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute())
