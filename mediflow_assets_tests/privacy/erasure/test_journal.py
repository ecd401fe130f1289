"""The journal of an erasure outlives the release that wrote it."""

import json
from pathlib import Path

from mediflow_assets.privacy.erasure.journal import Erasure, Journal, Phase, Plan

PLAN = Plan(
    patients=1,
    keys={"patient_key": ("k1",)},
    identifiers=("P1", "ENC-1"),
    records={"bronze/admissions": {"d1": (1, 2)}},
    named=("P1",),
    erased=(("bronze/admissions", "d1", 2),),
    validated=(("silver/patients", "d1", 2, 0),),
)
ERASURE = Erasure("e1", "consent", "T-1", "officer", "2026-01-02T03:04:05+00:00", ("P1",), PLAN, Phase.REMOVED)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    Journal(tmp_path).write(ERASURE)
    assert Journal(tmp_path).read() == ERASURE


def test_an_erasure_that_an_older_release_left_unfinished_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(ERASURE)
    said = json.loads(journal.path.read_bytes())
    said["plan"]["needles"] = said["plan"].pop("identifiers")
    said["plan"]["judged"] = said["plan"].pop("validated")
    journal.path.write_text(json.dumps(said))
    assert journal.read() == ERASURE
