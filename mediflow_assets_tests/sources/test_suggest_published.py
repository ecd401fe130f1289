"""Codes whose published list a header names are drafted with their meaning, and no other list's are."""

from typing import Any

import pytest

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.sources.drafting.published import lists
from mediflow_assets_tests.sources.test_suggest import GERMAN, day, section

STAYS = {"MRN": GERMAN["Pat.-Nr."], "Visit ID": GERMAN["Fallnummer"], "Admitted": day}
ENDED = {**STAYS, "Discharged": lambda row: day(row, plus=3)}


def test_lists_mean_words_of_ours():
    for codes in lists().values():
        assert {*codes.codes.values()} - {""} <= {*v.CODED[codes.column]}


@pytest.mark.parametrize(
    ("method", "destination", "pairs"),
    [
        ("DISMETH", "DISDEST", {"1/19": "home", "1/51": "transferred", "2/19": "against_advice", "4/79": "expired"}),
        ("Discharge_Method", "Discharge Destination Code", {"1/85": "skilled_nursing", "8/98": "", "5/79": "expired"}),
        ("退院時転帰", "退院先", {"2/1": "home", "4/4": "transferred", "7/8": "expired", "2/7": "skilled_nursing"}),
        ("KET_QUA_DTRI", "MA_LOAI_RV", {"1/1": "home", "5/1": "expired", "3/4": "against_advice"}),
    ],
)  # fmt: skip
def test_how_a_stay_ended_is_told_by_who_died_or_left_before_where_to(
    write: Any, method: str, destination: str, pairs: dict[str, str]
) -> None:
    codes = [pair.split("/") for pair in pairs]
    columns = {**ENDED, destination: [to for _, to in codes], method: [how for how, _ in codes]}
    drafted = section(columns, write)
    assert drafted["columns"]["discharge_disposition"] == {"join": [method, destination], "with": "/"}
    assert pairs.items() <= drafted["values"]["discharge_disposition"].items()


def test_a_code_alone_that_may_be_of_both_lists_says_nothing(write: Any) -> None:
    columns = {**ENDED, "退院先": ["1", "4", "6"], "退院時転帰": ["2", "2", "7"]}
    assert section(columns, write)["values"]["discharge_disposition"]["6"] == ""


@pytest.mark.parametrize(
    ("header", "codes", "ours"),
    [
        ("Mode de sortie", {"8": "home", "7": "transferred", "9": "expired"}, "discharge_disposition"),
        ("MOTIVO_SAIDA", {"12": "home", "31": "transferred", "41": "expired"}, "discharge_disposition"),
        ("Modalità dimissione", {"02": "home", "01": "expired", "05": "against_advice"}, "discharge_disposition"),
        ("TIPALT", {"1": "home", "4": "expired", "3": "against_advice"}, "discharge_disposition"),
        ("Discharge Destination", {"19 - Usual place": "home", "51: NHS ward": "transferred"}, "discharge_disposition"),
        ("진료결과구분", {"9": "home", "2": "transferred", "4": "expired"}, "discharge_disposition"),
        ("condicionDestinoUsuarioEgreso", {"01": "home", "02": "expired"}, "discharge_disposition"),
        ("DISCHARGE_STATUS", {"HO": "home", "SN": "skilled_nursing", "EX": "expired"}, "discharge_disposition"),
        ("ADMIMETH", {"11": "elective", "2A": "emergency", "82": "newborn"}, "admission_type"),
    ],
)
def test_a_list_is_told_by_its_header(write: Any, header: str, codes: dict[str, str], ours: str) -> None:
    drafted = section({**ENDED, header: list(codes)}, write)
    assert drafted["columns"][ours] == header and drafted["values"][ours] == codes


def test_codes_that_are_in_no_such_list_are_not_read_by_it(write: Any) -> None:
    drafted = section({**ENDED, "DISDEST": ["19", "77", "51"]}, write)
    assert "home" not in drafted.get("values", {}).get("discharge_disposition", {}).values()


def test_a_rare_third_gender_is_none_of_both_and_a_common_one_is_asked_for(write: Any) -> None:
    rare = lambda row: "3" if row == 7 else str(1 + row % 2)  # noqa: E731
    assert section({**STAYS, "Sex": rare}, write)["values"]["gender"] == {"1": "M", "2": "F", "3": "U"}
    assert section({**STAYS, "Sex": ["1", "2", "3"]}, write)["values"]["gender"] == dict.fromkeys("123", "")


@pytest.mark.parametrize("sign", ["&", "//", "§"])
def test_a_sign_for_no_department_is_none(write: Any, sign: str) -> None:
    drafted = section({**STAYS, "Ward": ["Surgery", "Medicine", sign]}, write)
    assert drafted["null_words"] == [sign]


@pytest.mark.parametrize(("begun", "ended"), [("ADM_HR", "DHR"), ("Admission Hour", "Discharge Hour")])
def test_hours_of_claims_are_times_and_99_is_none(write: Any, begun: str, ended: str) -> None:
    columns = {**ENDED, begun: lambda row: f"{row % 24:02}" if row % 20 else "99", ended: lambda row: f"{row % 23:02}"}
    drafted = section(columns, write)
    assert drafted["columns"]["admission_date"] == {"join": ["Admitted", begun]}
    assert drafted["date_formats"] == ["yyyy-MM-dd HH", "yyyy-MM-dd '99'", "yyyy-MM-dd"]
    assert "null_words" not in drafted


@pytest.mark.parametrize("header", ["DISCHSTAT", "PATSTATUS", "Discharge Status"])
def test_codes_of_ub_04_are_read_under_headers_run_together(write: Any, header: str) -> None:
    drafted = section({**ENDED, header: ["01", "02", "03", "07", "20"]}, write)
    assert drafted["values"]["discharge_disposition"]["07"] == "against_advice"
