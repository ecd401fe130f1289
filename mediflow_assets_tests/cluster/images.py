"""The Python of each image, made by the lines of its Dockerfile: the stage `build`, in a folder in place of `/`.

There is no container engine in the tests. What an image holds, and whether its service starts from that alone, is seen
here all the same: the services of the tests run from these environments and never from the project's own one.
"""

import functools
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mediflow_assets_tests.cluster.compose import ROOT

CACHE = Path.home() / ".cache" / "mediflow" / "images"
ROLES = ("pipeline", "spark", "serving", "dashboard")
"""The images with Python in them: deploy/ROLE.Dockerfile."""
_BUILDS_ON = ("requirements.lock", "pyproject.toml")
_TOOLS = re.compile(r"^pip install uv==\S+ && ")
"""uv comes from the project's own environment."""


def instructions(role: str, stage: str = "build") -> Iterator[tuple[str, str]]:
    """The instructions of a stage of a Dockerfile, each with its words."""
    text = (ROOT / "deploy" / f"{role}.Dockerfile").read_text().replace("\\\n", " ")
    current = ""
    for line in text.splitlines():
        name, _, words = line.strip().partition(" ")
        if name == "FROM":
            # the last stage, which the image is, has no name
            current = words.partition(" AS ")[2]
        elif current == stage and name and not name.startswith("#"):
            yield name, words


def put_into_app(role: str) -> list[str]:
    """What the image has in its working folder, as paths of the repository."""
    copied = [words.split() for name, words in instructions(role, stage="") if name == "COPY"]
    return [source for source, target in (each for each in copied if len(each) == 2) if "/opt/mediflow/app/" in target]


@functools.cache
def environment(role: str) -> Path:
    """The image's `/venv`, with the code as it is now."""
    digest = hashlib.sha256()
    for file in (f"deploy/{role}.Dockerfile", *_BUILDS_ON):
        digest.update((ROOT / file).read_bytes())
    venv = CACHE / f"{role}-{digest.hexdigest()[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        for name, words in instructions(role):
            if name == "COPY":
                _copy(words.split(), source)
            elif name == "RUN" and not (venv / ".made").exists():
                _run(words, source, venv)
        (venv / ".made").touch()
        again = f"VIRTUAL_ENV={shlex.quote(str(venv))} uv pip install --no-deps --reinstall-package mediflow ."
        _run(again, source, venv)
    return venv


def installed(venv: Path) -> set[str]:
    """The distributions in an environment, by their normal names."""
    found = venv.glob("lib/python*/site-packages/*.dist-info")
    return {re.sub(r"[-_.]+", "-", path.name.rsplit("-", 1)[0].rsplit("-", 1)[0]).lower() for path in found}


def megabytes(folder: Path) -> int:
    """What the files of a folder take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) // 10**6


def _copy(words: list[str], source: Path) -> None:
    *files, target = words
    for file in files:
        place = source / target / Path(file).name if target.endswith("/") else source / target
        if (ROOT / file).is_dir():
            shutil.copytree(ROOT / file, place, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy(ROOT / file, place)


def _run(words: str, source: Path, venv: Path) -> None:
    # for `pip install` uv would take a Python that is named as the place to install into
    command = _TOOLS.sub("", words).replace("uv venv", f"uv venv --python {shlex.quote(sys.executable)}")
    command = re.sub(r"(?<![\w.])/venv(?![\w-])", str(venv), command)
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_COMPILE_BYTECODE": "1",
        "UV_QUIET": "1",
    }
    said = subprocess.run(["sh", "-ec", command], cwd=source, env=os.environ | own, capture_output=True, text=True)
    assert said.returncode == 0, f"{command}: {said.stderr[-2000:]}"


if __name__ == "__main__":
    for each in ROLES:
        print(f"{each}: /venv {megabytes(environment(each))} MB")
