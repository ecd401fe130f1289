"""A file of codes tells what the keys in the other files mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.operations import feed_drafts
from mediflow_assets.operations.feed_drafts import Drafted
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets_tests.sources.test_suggest import GERMAN, day, export

CODES = ["I21.4", "E11.9", "J18.9", "K35.8", "N39.0", "A41.9"]
STAYS = {"MRN": GERMAN["Pat.-Nr."], "Visit ID": GERMAN["Fallnummer"], "Admitted": day}


def drafts(tmp_path: Path, rows: Mapping[str, list[str]], *files: Mapping[str, Any]) -> list[Drafted]:
    """Drafts for a file of codes, given by its columns, and for others."""
    paths = [tmp_path / f"file{number}.csv" for number in range(len(files) + 1)]
    lines = [",".join(rows), *(",".join(cells) for cells in zip(*rows.values(), strict=True))]
    for path, content in zip(paths, [("\n".join(lines) + "\n").encode(), *map(export, map(dict, files))], strict=True):
        path.write_bytes(content)
    return feed_drafts.draft(paths, "ward", Feeds(), Limits())


DISEASES = {"DxSID": [f"{70_000 + n}" for n in range(6)], "ICD10Code": CODES}
WARDS = {"WARD_ID": ["901", "902", "903"], "WARD_NAME": ["North", "South", "West"]}
ENDS = {"DISP_ID": ["811", "812", "813"], "Disposition": ["Home", "Expired", "Transfer"]}


@pytest.mark.parametrize(
    ("codes", "header", "ours", "meant"),
    [
        (DISEASES, "PrincipalDxSID", "diagnosis_code", "I21.4"),
        (WARDS, "WARD_ID", "department", "North"),
        (ENDS, "DISP_ID", "discharge_disposition", "home"),
    ],
)
def test_keys_are_read_by_the_file_of_codes(
    tmp_path: Path, codes: dict[str, list[str]], header: str, ours: str, meant: str
) -> None:
    keys = next(iter(codes.values()))
    table, stays = drafts(tmp_path, codes, {**STAYS, header: [*keys, *keys, "-1"]})
    assert table.is_of_codes and not table.section
    assert f'{ours} = "{header}"' in stays.section and f'"{keys[0]}" = "{meant}"' in stays.section
    assert '"-1" = ""' in stays.section


def test_diagnoses_of_stays_may_be_keys_as_well(tmp_path: Path) -> None:
    of_stays = {"Visit ID": GERMAN["Fallnummer"], "Ordinal": ["1"], "DxSID": DISEASES["DxSID"]}
    _, _, diagnoses = drafts(tmp_path, DISEASES, STAYS, of_stays)
    assert 'grain = "diagnosis"' in diagnoses.section and '"70001" = "E11.9"' in diagnoses.section


def test_a_column_of_codes_is_not_read_by_keys_and_people_are_no_codes(tmp_path: Path) -> None:
    table, stays = drafts(tmp_path, DISEASES, {**STAYS, "Diagnosis": CODES, "DxSID": DISEASES["DxSID"]})
    assert 'diagnosis_code = "Diagnosis"' in stays.section and not table.is_of_codes
    people = {"WARD_ID": ["901", "902", "903"], "WARD_NAME": ["Quill; Ada", "Dr. Roe", "Prof. Ek"]}
    assert "Roe" not in drafts(tmp_path, people, {**STAYS, "WARD_ID": people["WARD_ID"]})[1].section
