"""Which tests of the slow and the cluster tier guard what a change touches. What is not listed is guarded by all."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS, CLUSTER = "mediflow_assets_tests/", "mediflow_assets_tests/cluster/"
ALL = ("",)
GUARDS: dict[str, tuple[str, ...]] = {
    "CHANGELOG.md": (),
    "LICENSE": (),
    "docs/": (),
    "documents/": (),
    "docs/api.md": ("serving/tests/test_api_doc.py",),
    "docs/get-started.md": (f"{TESTS}test_readme.py",),
    "README.md": (f"{TESTS}test_readme.py",),
    "dashboard/": ("dashboard/", f"{TESTS}test_up.py", f"{CLUSTER}test_health.py"),
    "deploy/": (CLUSTER,),
    "docker-compose.yml": (CLUSTER,),
    "mediflow_assets/cluster/": (CLUSTER,),
    "mediflow_assets/ml/": (
        *(f"{TESTS}{place}" for place in ("defs/", "ml/", "scoring/", "test_readme.py")),
        f"{CLUSTER}test_parity.py",
    ),
    "serving/": ("serving/", f"{TESTS}test_up.py", f"{TESTS}streaming/test_stream_service.py", CLUSTER),
}
"""Path → the tests that guard what lies there; the longest path counts. Only what is sure is listed."""


def guards_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Where the tests lie that guard these paths."""
    return tuple(sorted({guard for path in paths for guard in _guards_of(path)}))


def _guards_of(path: str) -> tuple[str, ...]:
    name = path.rpartition("/")[2]
    if name.startswith("test_") and name.endswith(".py"):
        return (path,)
    if "tests/" in path:
        # what several tests use
        return ALL
    places = [place for place in GUARDS if path == place or (place.endswith("/") and path.startswith(place))]
    return GUARDS[max(places, key=len)] if places else ALL


def changed(since: str) -> list[str] | None:
    """The paths that differ from a commit, or else from where `origin/main` was left; None if it cannot be told."""
    try:
        base = _git("merge-base", since or "origin/main", "HEAD")
        if base == _git("rev-parse", "HEAD"):
            return None
        return _git("diff", "--name-only", "--no-renames", base).splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return said.stdout.strip()
