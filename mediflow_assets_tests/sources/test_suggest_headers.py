"""Headers that are short, foreign or say nothing: what they mean, or what only the values tell."""

import random
from typing import Any

import pytest

from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.drafting.mending import mending
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.test_suggest import GERMAN, TODAY, born, day, export, section

PATIENTS = GERMAN["Pat.-Nr."]


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("dsch_dt", "discharge date"), ("CLM_THRU_DT", "end date encounter"), ("Aufnahmedatum", "admission date"),
        ("hospitaldischargetime24", "discharge time"), ("PtDOB", "patient birth"), ("D.O.A", "admission"),
        ("Med Rec #", "mrn"), ("ADMIDATE", "admission date"), ("Fecha de Ingreso", "date admission"),
        ("DATE_NAISS", "date birth"), ("Geboortedatum", "birth date"), ("Data urodzenia", "date birth"),
        ("DSCHRG_DSPSTN", "discharge disposition"), ("PTNT_BRTH_DT", "patient birth"), ("DSCHDT", "discharge date"),
        ("Opname-nr", "admission id"), ("Kön", "gender"), ("Płeć", "gender"), ("Fødselsdato", "birth date"),
    ],
)  # fmt: skip
def test_a_header_means_what_its_words_mean(header: str, meant: str) -> None:
    assert concepts(header)[0] >= {*meant.split()}


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("INPATIENT_ADMIT_DT_TM", "admission date"), ("HOSP_DISCH_TIME", "discharge time"),
        ("Födelsedatum", "birth date"), ("FODELSEDATUM", "birth date"),
        ("Yatış Tarihi", "admission date"), ("Taburcu Tarihi", "discharge date"),
        ("Tgl Masuk", "admission date"), ("No. RM", "mrn"),
        ("Jenis Kelamin", "gender"), ("入院年月日", "admission date"),
        ("出院日期", "discharge date"), ("患者番号", "mrn"),
        ("요양개시일자", "admission date"), ("수진자개인식별대체키", "mrn id"), ("주상병코드", "diagnosis principal"),
        ("명세서조인키", "encounter id"), ("진료결과구분", "disposition"), ("심결요양급여비용총액", "cost"),
        ("FECEGR", "discharge date"), ("퇴원일자", "discharge date"), ("Дата поступления", "admission date"),
        ("Ημερομηνία εξόδου", "discharge date"), ("Datum přijetí", "admission date"),
        ("Data externării", "discharge date"), ("DT_NASCIMENTO", "birth date"),
        ("MOTIVO_ALTA", "disposition"), ("Tulopäivä", "admission date"),
        ("Indlæggelsesdato", "admission date"), ("Geb.Dat.", "birth date"),
        ("Felvétel dátuma", "admission date"),
    ],
)  # fmt: skip
def test_headers_of_many_systems_and_languages_are_read(header: str, meant: str) -> None:
    assert concepts(header)[0] >= {*meant.split()}


@pytest.mark.parametrize(
    "header",
    [
        "EXPECTED_DISCHARGE_DATE", "Scheduled Admit Dt", "PRE_REG_DT_TM", "DECISION_TO_ADMIT_DTTM",
        "Verwachte ontslagdatum", "Enrolment Date",
        "Print Date", "Invoice Date", "Date of Surgery", "RowUpdateDateTime", "Data da cirurgia", "Ölüm Tarihi",
    ],
)  # fmt: skip
def test_a_date_of_something_else_is_no_admission_and_no_discharge(write: Any, header: str) -> None:
    drafted = suggest(write(export({"MRN": PATIENTS, header: day})), today=TODAY)
    assert drafted.lacks == ("admission_date",) and "discharge_date =" not in drafted.section


@pytest.mark.parametrize("header", ["Bemerkung", "Weather", "Pact", "Priority", "Adjustments", "Extra 3"])
def test_other_words_are_short_for_nothing(header: str) -> None:
    assert not concepts(header)[0] & {"patient", "encounter", "admission", "discharge", "gender", "payer", "birth"}


def test_who_a_patient_is_shows_by_what_does_not_change(write: Any) -> None:
    columns = {
        "EPIKEY": lambda row: f"5{row:06}",
        "HASH_A": lambda row: f"A{row % 20:03}F",
        "WARD_CODE": lambda row: f"W{row % 3}",
        "ADMIDATE": day,
        "SEX": lambda row: "12"[row % 20 % 2],
        "DOB": lambda row: born(row % 20),
    }
    assert section(columns, write)["columns"]["patient_id"] == "HASH_A"


def test_the_principal_diagnosis_shows_by_a_mark_that_each_stay_has_once(write: Any) -> None:
    columns = {
        "ENCOUNTERID": lambda row: f"E{row // 3:04}",
        "DX": ["I10", "E11.9", "J18.9"],
        "PDX": ["S", "P", "S"],
    }
    drafted = section(columns, write)
    assert (drafted["grain"], drafted["columns"]["diagnosis_rank"]) == ("diagnosis", "PDX")
    assert drafted["values"]["diagnosis_rank"] == {"P": "1", "S": ""}


def test_ids_that_stand_once_each_are_stays_and_running_numbers_are_not(write: Any) -> None:
    columns = {"Row No": lambda row: row + 1, "Ref ID": lambda row: f"X{9 * row:05}", "MRN": PATIENTS, "Admitted": day}
    assert section(columns, write)["columns"]["encounter_id"] == "Ref ID"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("ddMMyyyy", "%d%m%Y"), ("yyyyMMdd", "%Y%m%d"), ("dd-MMM-yy", "%d-%b-%y"), ("ddMMMyyyy", "%d%b%Y"),
        ("yyyyMMddHHmm", "%Y%m%d0915"), ("dd/MM/yyyy hh:mm a", "%d/%m/%Y 09:15 AM"), ("MMM d, yyyy", "%b %d, %Y"),
    ],
)  # fmt: skip
def test_the_form_of_dates_is_seen(write: Any, form: str, written: str) -> None:
    drafted = section({"MRN": PATIENTS, "Admit Date": lambda row: day(row, written)}, write, ";")
    assert drafted["date_formats"] == [form]


def test_dates_of_a_workbook_between_typed_ones_have_two_forms(write: Any) -> None:
    columns = {"MRN": PATIENTS, "Admit Date": lambda row: day(row, "%d/%m/%Y") if row % 12 == 0 else day(row)}
    assert section(columns, write)["date_formats"] == ["dd/MM/yyyy"]


@pytest.mark.parametrize(("clock", "form"), [("0815", "HHmm"), ("08:15", "HH:mm"), ("08:15:30", "HH:mm:ss")])
def test_a_time_of_day_is_joined_as_it_is_written(write: Any, clock: str, form: str) -> None:
    columns = {"MRN": PATIENTS, "ADM_DT": lambda row: day(row, "%Y%m%d"), "ADM_TIME": lambda _: clock}
    assert section(columns, write)["date_formats"] == [f"yyyyMMdd {form}", "yyyyMMdd"]


def test_a_date_before_anybody_lived_is_a_word_for_nothing(write: Any) -> None:
    columns = {
        "MRN": PATIENTS,
        "Admit Date": day,
        "Disch Date": lambda row: "1800-01-01" if row % 9 == 0 else day(row, plus=2),
    }
    assert section(columns, write)["null_words"] == ["1800-01-01"]


def test_an_encoding_that_is_neither_is_told_by_its_words(write: Any) -> None:
    wards = ["소화기내과", "정형외과", "산부인과", "혈액종양내과", "응급의학과"]
    columns = {"PT_NO": PATIENTS, "ADM_YMD": lambda row: day(row, "%Y%m%d"), "MED_DEPT_NM": wards}
    drafted = suggest(write(export(columns).decode().encode("cp949")), today=TODAY).section
    assert 'encoding = "cp949"' in drafted and 'department = "MED_DEPT_NM"' in drafted


def test_of_two_columns_of_codes_the_principal_one_goes_first(write: Any) -> None:
    pick = random.Random(5)
    more = [" ".join(pick.sample(["I10", "E11.9", "N18.3", "J44.1"], 2)) for _ in range(60)]
    columns = {"MRN": PATIENTS, "Admitted": day, "Zusatzdiagnosen": more, "Diagnose (HD)": ["I21.4", "K35.8"]}
    assert section(columns, write)["columns"]["diagnosis_code"]["join"] == ["Diagnose (HD)", "Zusatzdiagnosen"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("HM", {"H": "M", "M": "F"}), ("MV", {"M": "M", "V": "F"}), ("EK", {"E": "M", "K": "F"}),
        ("LP", {"L": "M", "P": "F"}), ("HF", {"H": "M", "F": "F"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["Sexo", "G"])
def test_letters_for_genders_are_read_beside_each_other(
    write: Any, header: str, given: str, meant: dict[str, str]
) -> None:
    drafted = section({"MRN": PATIENTS, header: list(given), "Admitted": day}, write)
    assert drafted["columns"]["gender"] == header and drafted["values"]["gender"] == meant


@pytest.mark.parametrize(
    ("header", "codes", "meant"),
    [
        ("Admission Type", ["1", "2", "3"], {"1": "emergency", "2": "urgent", "3": "elective"}),
        ("Tipo de ingreso", ["1", "2"], {"1": "", "2": ""}), ("PVARD", ["1", "2"], {"1": "", "2": ""}),
        ("Adm Type", ["1", "2", "11", "13"], {"1": "", "2": "", "11": "", "13": ""}),
    ],
)  # fmt: skip
def test_numbers_are_codes_of_ub_04_only_where_all_are(
    write: Any, header: str, codes: list[str], meant: dict[str, str]
) -> None:
    drafted = section({"MRN": PATIENTS, header: codes, "Admitted": day}, write)
    assert drafted["values"]["admission_type"] == meant


def test_of_two_columns_called_alike_the_words_tell_which_is_the_class(write: Any) -> None:
    columns = {"Type opname": ["Klinisch", "Dagopname", "SEH"], "Urgentie": ["Spoed", "Gepland"]}
    drafted = section({"Patiëntnr": PATIENTS, "Opnamedatum": day, **columns}, write)["columns"]
    assert (drafted["encounter_class"], drafted["admission_type"]) == ("Type opname", "Urgentie")


def test_of_two_dispositions_the_one_that_is_always_given_is_taken(write: Any) -> None:
    columns = {"DESTINATION": ["", "", "1", ""], "MODE_SORTIE": ["8", "7", "9", "6"]}
    drafted = section({"IPP": PATIENTS, "DATE_ENTREE": day, **columns}, write)["columns"]
    assert drafted["discharge_disposition"] == "MODE_SORTIE"


def test_a_column_of_codes_that_nobody_knows_is_no_class(write: Any) -> None:
    columns = {"MRN": PATIENTS, "Admitted": day, "CLAIM_TP_CD": ["60", "61"], "Blood Type": ["A+", "B-", "0+"]}
    assert "encounter_class" not in section(columns, write)["columns"]


@pytest.mark.parametrize("header", ["CLASSPAT", "Patient Class", "Patient"])
def test_a_column_of_few_values_is_no_patient(write: Any, header: str) -> None:
    columns = {header: ["1", "2"], "Visit ID": GERMAN["Fallnummer"], "Admitted": day}
    assert section(columns, write)["columns"].get("patient_id") == "Visit ID"


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("patient_not_arrived", "waits"), ("encounter_not_arrived", "waits"), ("cost_unreadable", "decimal_comma"),
        ("encounter_of_another_patient", "somebody else"), ("gender_unknown", "values.gender"),
        ("admitted_in_future", "shifted"), ("patient_id_missing", "export itself"),
        ("admitted_at_unreadable", "{ admission_date = ["), ("admitted_at_implausible", "two_digit_years"),
        ("diagnosis_system_unknown", "[feeds.north.values.diagnosis_system]"), ("diagnosis_rank_unknown", "_rank]"),
        ("diagnosis_system_not_told", "diagnosis_system = { value"), ("diagnosis_malformed", "] diagnosis_code ="),
        ("diagnosis_not_in_icd9", "diagnosis_system = { value"), ("department_malformed", "] department ="),
        ("encounter_id_placeholder", "] encounter_id ="), ("blood_pressure_implausible", "without blood_pressure"),
        ("merged_at_unreadable", ": the export itself"), ("resolved_unreadable", ": the export itself"),
    ],
)  # fmt: skip
def test_what_mends_a_reason_is_said_for_its_kind(reason: str, advice: str) -> None:
    assert advice in mending(reason, "north")


@pytest.mark.parametrize("early", ["Registration Date", "Reg Dt", "Adm Dt"])
@pytest.mark.parametrize("late", ["Admit Day", "Admitted"])
def test_a_date_long_before_the_stay_is_no_admission(write: Any, early: str, late: str) -> None:
    columns = {
        "MRN": PATIENTS,
        early: lambda row: day(row, plus=-300),
        late: day,
        "Disch Day": lambda row: day(row, plus=4),
    }
    found = suggest(write(export(columns)), today=TODAY).section
    assert f'admission_date = "{late}"' in found
    assert ("the nearest before the discharge; check" in found) == ((early, late) == ("Adm Dt", "Admitted"))


@pytest.mark.parametrize(
    ("family", "given"),
    [("Nachname", "Vorname"), ("Nom", "Prénom"), ("Patient Last", "Patient First"), ("Last Name", "First Name")],
)
def test_two_columns_of_names_are_one_however_few_they_are(write: Any, family: str, given: str) -> None:
    columns = {"MRN": PATIENTS, family: ["Roe", "Doe"], given: ["Ada", "Bo", "Cy"], "Admitted": day}
    columns |= {"Attending Last Name": ["Wu", "Ito"], "Attending First Name": ["Al", "Di"]}
    assert section(columns, write)["columns"]["name"] == {"join": [family, given], "with": ", "}


def test_what_was_planned_is_not_what_happened(write: Any) -> None:
    columns = {
        "MRN": lambda row: f"P{row:03}",
        "Planned Admission Date": lambda row: day(row, plus=-30),
        "Actual Admission Date": day,
        "Expected Discharge Date": lambda row: day(row, plus=2),
        "Actual Discharge Date": lambda row: day(row, plus=4),
    }
    columns = section(columns, write)["columns"]
    assert columns["admission_date"] == "Actual Admission Date"
    assert columns["discharge_date"] == "Actual Discharge Date" and "updated_at" not in columns
