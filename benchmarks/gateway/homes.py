"""A home as the real commands leave it: a generated hospital, both models trained, a user who may score."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.identity.users import Users
from mediflow_assets.ml.reading import read_examples
from mediflow_assets.ml.specs import SPECS
from mediflow_assets.ml.training import train
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake

SCORER, PASSWORD = "bench-scorer", "a password of the benchmark"


def trained_home(folder: Path, given: Path | None, rows: int) -> Settings:
    """The home in which all is measured; one that is given is copied, and stays as it is."""
    home = folder / "home"
    if given is not None:
        shutil.copytree(given, home)
    else:
        deliveries = str(folder / "hospital")
        for step in (
            ["init"],
            ["generate", "--rows", str(rows), "--out", deliveries],
            ["ingest", f"{deliveries}/deliveries"],
            ["run"],
            ["run", "--select", "models"],
        ):
            print(f"mediflow {step[0]} ...", flush=True)
            environment = os.environ | {"MEDIFLOW_HOME": str(home)}
            subprocess.run(
                [sys.executable, "-m", "mediflow_assets.cli", *step],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    settings = Settings(home=home)
    Users(settings.ops_url).create(SCORER, PASSWORD, ["scorer"])
    return settings


def keep_pipeline(settings: Settings, file: Path) -> None:
    """The same forest as scikit-learn fits it, for the plain service."""
    task = SPECS[COST_MODEL]
    fitted = train(task, read_examples(Lake(settings.lake_root), task)).fitted
    # one row is not worth a thread for each tree
    fitted.pipeline.named_steps["model"].n_jobs = 1
    names = {feature.name: feature.is_category for feature in fitted.features}
    file.write_bytes(pickle.dumps((fitted.pipeline, names)))
