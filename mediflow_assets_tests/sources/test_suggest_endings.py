"""How a stay ended, and when: phrases, published lists, the files' own lists, and times that stand with their days."""

import tomllib
from typing import Any

import pytest

from mediflow_assets.operations import feed_drafts
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets.sources.drafting.phrases import meaning_of
from mediflow_assets_tests.sources.test_suggest import day, export, section

STAYS = {"MRN": lambda row: f"{70000 + row % 40}", "Visit ID": lambda row: f"V{row}", "Admitted": day}


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        *[("TRANSFER TO COUNTY HOSPITAL", "transferred"), ("převezen - přeložen na jiné pracoviště", "transferred")],
        *[
            ("OBITO COM DECLARACAO DO MEDICO", "expired"),
            ("verstorben (Hospiz)", "expired"),
            ("Alta melhorado", "home"),
        ],
        *[("Referred to other hospital", "transferred"), ("transferred or other", None)],
        *[("left against the doctors' advice", "against_advice"), ("any nursing home", "skilled_nursing")],
        *[("with medical advice", None), ("transfer home", None), ("interne Verlegung", None), ("ward 7", None)],
        *[("not transferred", None), ("óbito sem necropsia", None), ("discharged to custody", None)],
    ],
)
def test_a_phrase_is_read_by_the_word_that_tells_how_a_stay_ended(phrase: str, meant: str | None) -> None:
    assert meaning_of(phrase) == meant


def test_phrases_of_a_file_are_drafted_to_be_checked(write: Any) -> None:
    words = ["HOME", "EXPIRED", "TRANSFER TO COUNTY HOSPITAL", "TO CUSTODY"]
    drafted = section({**STAYS, "Disch Disposition": words}, write)
    assert drafted["values"]["discharge_disposition"] == {
        "TRANSFER TO COUNTY HOSPITAL": "transferred",
        "TO CUSTODY": "",
    }


def test_two_numbers_are_no_dispositions_of_a_published_list(write: Any) -> None:
    drafted = section({**STAYS, "Discharge Status": ["1", "1", "2"]}, write)
    assert set(drafted.get("values", {}).get("discharge_disposition", {}).values()) <= {""}


def test_codes_of_a_list_are_told_by_the_headers_of_its_files(write: Any) -> None:
    columns = {**STAYS, "Discharge Status": ["1", "2"], "Discharge Code": ["01", "06", "03", "00"]}
    drafted = section({**columns, "HIPE No": lambda row: f"{row}"}, write)
    assert drafted["columns"]["discharge_disposition"] == "Discharge Code"
    meant = {"00": "against_advice", "01": "home", "03": "transferred", "06": "expired"}
    assert drafted["values"]["discharge_disposition"] == meant


@pytest.mark.parametrize(
    ("times", "column", "form"),
    [
        (lambda row: day(row, "%d/%m/%Y 09:15:00"), "HR_INGRESSO", "dd/MM/yyyy HH:mm:ss"),
        (lambda _: "30/12/1899 09:15:00", ["DT_INGRESSO", "HR_INGRESSO"], "dd/MM/yyyy '30/12/1899' HH:mm:ss"),
    ],
)
def test_times_may_stand_with_a_day_of_their_own(write: Any, times: Any, column: Any, form: str) -> None:
    columns = {"DT_INGRESSO": lambda row: day(row, "%d/%m/%Y"), "HR_INGRESSO": times}
    drafted = section({"CD_PACIENTE": STAYS["MRN"], "CD_ATENDIMENTO": STAYS["Visit ID"], **columns}, write)
    found = drafted["columns"]["admission_date"]
    assert (found["join"] if isinstance(found, dict) else found) == column
    assert form in str(drafted["date_formats"])


def test_a_day_and_its_hour_without_marks_are_one_time(write: Any) -> None:
    drafted = section({**STAYS, "Admitted": lambda row: day(row, "%Y%m%d") + f"{row % 24:02}"}, write)
    assert drafted["date_formats"] == ["yyyyMMddHH"]


def test_a_list_of_codes_beside_a_file_tells_what_its_codes_mean(write: Any) -> None:
    stays = {**STAYS, "CD_MOT_ALTA": ["1", "2", "9"], "Unit": ["11", "12"]}
    ends = {"CD_MOT_ALTA": ["1", "2", "3", "9"], "DS": ["ALTA MELHORADO", "TRANSFERENCIA EXTERNA", "OUTRO", "OBITO"]}
    units = {"Unit": ["11", "12"], "Unit Name": ["Cardiology", "Surgery"]}
    rows = {"stays": export(stays), "ends": listed(ends), "units": listed(units)}
    stay, end, unit = drafted(write, rows)
    values = tomllib.loads(stay.section)["feeds"]["x"]["values"]
    assert values["discharge_disposition"] == {"1": "home", "2": "transferred", "3": "", "9": "expired"}
    assert (end.is_of_codes, unit.is_of_codes, end.is_mapped) == (True, True, False)


def test_a_list_that_no_file_uses_cannot_be_mapped(write: Any) -> None:
    stay, other = drafted(write, {"stays": export(STAYS), "beds": listed({"Unit": ["11", "12"], "Name": ["A", "B"]})})
    assert stay.is_mapped and not other.is_of_codes and other.lacks


def listed(columns: dict[str, list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in [[*columns], *zip(*columns.values(), strict=True)]).encode() + b"\n"


def drafted(write: Any, files: dict[str, bytes]) -> list[feed_drafts.Drafted]:
    return feed_drafts.draft([write(content, f"{name}.csv") for name, content in files.items()], "x", Feeds(), Limits())
