"""Several codes in one cell of an admission: the first is the encounter's, each is a condition."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.code_cells import SEVERAL_PATTERN, codes_in, has_several
from mediflow_assets.sources import Feeds

HEADER = "patient_id,encounter_id,department,diagnosis_code,admission_date,cost\n"


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        *(("I21.4;E11.9", ["I21.4", "E11.9"]), ("I214|E119", ["I214", "E119"]), ("4280, 25000", ["4280", "25000"])),
        *(("I21.4 / E11.9/I10", ["I21.4", "E11.9", "I10"]), ("E10.30† H36.0*", ["E10.30", "H36.0"])),
        *(("I21.4;??;I10", ["I21.4", "??", "I10"]), ("I10;I10", ["I10"]), ("E11.9+", ["E11.9"]), ("I10", ["I10"])),
        *(("Heart failure", ["Heart failure"]), ("COPD / asthma", ["COPD / asthma"]), ("E11,9", ["E11,9"])),
        *(("I21.4;", ["I21.4;"]), ("22298006 44054006", ["22298006", "44054006"])),
    ],
)
def test_a_cell_holds_codes_in_their_order(cell, codes):
    assert codes_in(cell) == codes
    is_several = pc.match_substring_regex(pa.array([cell]), SEVERAL_PATTERN)[0].as_py()
    assert is_several == has_several(cell)


def test_each_code_of_a_cell_is_a_condition_and_each_record_is_accounted_for(house):
    delivery = house.deliver(
        HEADER
        + "1,S1,MEDICINE,I21.4;E119; I10,2024-03-01,1\n"
        + "2,S2,MEDICINE,I21.4;??;E11.9,2024-03-01,1\n"
        + "3,S3,MEDICINE,??;I10,2024-03-01,1\n"
        + "4,S4,MEDICINE,E11.9,2024-03-01,1\n"
        + "5,S5,MEDICINE,E10.30+ H36.0*,2024-03-99,1\n"
    )
    house.make_silver()
    found = house.rows(silver.ENCOUNTERS, "encounter_id", "diagnosis_code")
    assert [tuple(row.values()) for row in found] == [
        *(("S1", "I21.4"), ("S2", "I21.4"), ("S3", "I10"), ("S4", "E11.9")),
    ]
    told = house.rows(silver.CONDITIONS, "encounter_id", "diagnosis_rank", "code", "system", "patient_id")
    assert [tuple(row.values())[:3] for row in told] == [
        *(("S1", 1, "I21.4"), ("S1", 2, "E11.9"), ("S1", 3, "I10")),
        *(("S2", 1, "I21.4"), ("S2", 3, "E11.9"), ("S3", 2, "I10")),
    ]
    assert house.reasons(silver.CONDITIONS) == {
        (delivery, 2): ["diagnosis_malformed"],
        (delivery, 3): ["diagnosis_malformed"],
        (delivery, 5): ["encounter_not_arrived"],
    }
    house.assert_balanced()
    house.make_silver()
    house.assert_balanced()
    house.deliver(HEADER + "5,S5,MEDICINE,E10.30,2024-03-09,1\n1,S1,MEDICINE,I21.4;E119;I10,2024-03-01,2\n")
    house.make_silver()
    assert {row["code"] for row in house.rows(silver.CONDITIONS) if row["encounter_id"] == "S5"} == {"E10.30", "H36.0"}
    house.assert_balanced()


def test_a_list_is_read_by_the_code_system_of_its_record(house, tmp_path):
    (tmp_path / "sources.toml").write_text(
        """
[feeds.claims]
match = ["DX1", "DX2"]
[feeds.claims.columns]
patient_id = "ID"
encounter_id = "CLAIM"
admission_date = "FROM"
department = { value = "MEDICINE" }
diagnosis_code = { join = ["DX1", "DX2", "DX3"], with = ";" }
diagnosis_system = { value = "ICD-9-CM" }
"""
    )
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    house.deliver("ID,CLAIM,FROM,DX1,DX2,DX3\n1,C1,2009-03-01,V5861,,E8501\n2,C2,2009-03-01,4280,25000,XX\n")
    house.make_silver()
    assert [row["diagnosis_code"] for row in house.rows(silver.ENCOUNTERS)] == ["V58.61", "428.0"]
    told = house.rows(silver.CONDITIONS, "encounter_id", "diagnosis_rank", "code", "system")
    assert [tuple(row.values()) for row in told] == [
        *(("C1", 1, "V58.61", "icd9"), ("C1", 2, "E850.1", "icd9")),
        *(("C2", 1, "428.0", "icd9"), ("C2", 2, "250.00", "icd9")),
    ]
    assert [*house.reasons(silver.CONDITIONS).values()] == [["diagnosis_not_in_icd9"]]
    house.assert_balanced()
