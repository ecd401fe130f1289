"""What leaves by a table or a download: small cells stay back, formulas do not run, a broken upload is refused."""

import polars as pl
import pytest

from dashboard.cells import NEAREST, hide_small, mark_small, rounded
from dashboard.downloads import csv_bytes
from dashboard.figures import uploads
from dashboard.figures.clinical import wilson
from dashboard.figures.quality import flow


def test_of_an_exact_partition_a_small_cell_takes_a_second_one_with_it() -> None:
    marked = mark_small(pl.DataFrame({"group": ["a", "b", "c"], "people": [4, 40, 90]}), "people")
    assert marked["is_hidden"].to_list() == [True, True, False]


def test_a_count_of_people_is_to_the_nearest_twenty_or_hidden() -> None:
    shown = hide_small(
        pl.DataFrame({"people": [0, 4, 11, 29, 30], "days": [0.0, 1.5, 2.5, 3.5, 4.5]}), "people", "days"
    )
    assert shown["people"].to_list() == [0, None, 20, 20, 40]
    assert shown["days"].to_list() == [0.0, None, 2.5, 3.5, 4.5]


@pytest.mark.parametrize("exact", [0, 11, 300])
def test_no_difference_to_a_count_to_the_nearest_twenty_is_known_to_be_1_to_10(exact: int) -> None:
    for told in range(0, 400, NEAREST):
        others = [other - exact for other in range(500) if rounded(other) == told]
        assert not all(1 <= each <= 10 for each in others)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "|calc"])
def test_a_text_that_a_spreadsheet_would_run_is_made_a_text(text: str) -> None:
    assert pl.read_csv(csv_bytes(pl.DataFrame({"a": [text]})))["a"].to_list() == ["'" + text]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe\x00", "not a CSV"),
        (b"", "not a CSV"),
        (b"a,b\n1,2\n", "columns age, gender"),
        (b"age,gender,department,diagnosis_code\n", "no rows"),
        (b"age,gender,department,diagnosis_code\nSECRET,F,SURGERY,I10\n", "values of age"),
    ],
)
def test_a_malformed_upload_is_refused_without_its_values(content: bytes, told: str) -> None:
    with pytest.raises(uploads.UploadRefused, match=told) as refused:
        uploads.patients(content)
    assert "SECRET" not in str(refused.value)


def test_a_good_upload_becomes_what_the_gateway_takes() -> None:
    rows = uploads.patients(b"age,gender,department,diagnosis_code,note\n67,F,SURGERY,I10,x\n")
    assert list(uploads.chunks(rows)) == [
        [{"age": 67, "gender": "F", "department": "SURGERY", "diagnosis_code": "I10"}]
    ]


def test_the_interval_is_wilsons() -> None:
    assert wilson(10, 100) == (0.1, 0.0552, 0.1744)


def test_the_flow_splits_what_was_accepted_into_rows_and_duplicates() -> None:
    sums = pl.DataFrame(
        [
            {
                "table": "silver/encounters",
                "delivery": "d",
                "source": "fhir",
                "records": 10,
                "accepted": 8,
                "newest": 5,
                "quarantined": 2,
                "erased": 0,
            }
        ]
    )
    assert flow(sums, "silver/encounters", "d").rows() == [
        ("bronze/fhir_resources", "quarantine", 2),
        ("bronze/fhir_resources", "accepted", 8),
        ("accepted", "silver/encounters", 5),
        ("accepted", "duplicates and older versions", 3),
    ]


def test_a_file_longer_than_may_be_scored_is_refused() -> None:
    with pytest.raises(uploads.UploadRefused, match="more than 1 rows"):
        uploads.patients(b"age,gender,department,diagnosis_code\n1,F,A,I10\n2,F,A,I10\n", most=1)


def test_rows_of_a_clinician_go_one_by_one() -> None:
    rows = uploads.patients(b"age,gender,department,diagnosis_code\n1,F,A,I10\n2,F,A,I10\n")
    assert [len(chunk) for chunk in uploads.chunks(rows, 1)] == [1, 1]
