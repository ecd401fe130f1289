"""What a field of an ADT message says, and what it takes back."""

import pytest

from mediflow_assets.contracts import links, silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.contracts.hl7_message import Message
from mediflow_assets.pipeline import older_readings, rebuild
from mediflow_assets.transforms.hl7 import person, stay
from mediflow_assets.transforms.hl7.reading import Authorities, patient_of


def adt(event, pid, *more, at="20240301120000"):
    return "\r".join((f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^{event}|1|P|2.5", f"EVN|{event}|{at}", pid, *more))


def died(day, indicator):
    fields = ["PID", "1", "", "12", "", "Smith^Ann", "", "1980", "F", *[""] * 20, day, indicator]
    return "|".join(fields).rstrip("|")


@pytest.mark.parametrize(
    ("told", "is_deceased", "day"),
    [
        ([("", "Y")], True, None),
        ([("20240110", "")], True, "2024-01-10"),
        ([("20240110", "Y"), ('""', "N")], False, None),
        ([("20240110", "Y"), ("", "N")], False, None),
        ([("20240110", "Y"), ('""', "")], None, None),
        ([("20240110", "Y"), ("", "")], True, "2024-01-10"),
        ([("", "N")], False, None),
    ],
)
def test_a_death_is_told_and_taken_back(house, told, is_deceased, day):
    house.deliver("\r".join(adt("A31", died(*each), at=f"2024030{n}") for n, each in enumerate(told, start=1)))
    house.make_silver(*[table for table in silver_tables() if table.contract is silver.PATIENTS])
    row = house.row(silver.PATIENTS)
    assert (row["is_deceased"], row["death_date"] and row["death_date"].isoformat()) == (is_deceased, day)


def silver_tables():
    from mediflow_assets.pipeline import silver as steps

    return steps.ALL


def told_of(pid):
    return person.cells_of(Message(adt("A31", pid)), Authorities("mrn"))


def test_an_emptied_field_takes_back_all_that_stood_in_it():
    told = told_of('PID|1||12||""||1980|F|||""||""')
    assert set(told["emptied"].split()) == {
        *("given_name", "family_name", "address", "city", "state", "zip", "phone", "email"),
    }


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("given", "id_"),
    [
        (("123456782^^^NLMINBIZA^NNNLD", "P32^^^ZIEK^PI"), "P32"),
        (("279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250&ISO^INS-NIR", "P33^^^HOP^PI"), "P33"),
        (("E4^^^EPI^EPI", "P34^^^MRN^MRN"), "P34"),
        (("A1^^^B^MR", "A2^^^A^MR"), "A2"),
        (("7^^^X^PI", "9^^^X^MR"), "9"),
        (("123-45-6789^^^SSA^SS", "5"), "5"),
        (("123-45-6789^^^SSA^SS",), "123-45-6789"),
    ],
)
def test_who_a_patient_is_does_not_hang_on_the_order_of_identifiers(given, id_, turned):
    pid = "PID|1||" + "~".join(reversed(given) if turned else given)
    assert patient_of(Message(adt("A01", pid))("PID"))(1) == id_


def test_a_fax_is_no_telephone():
    assert told_of("PID|1||12||||||||||555-FAX^PRN^FX~555-88^PRN^PH")["phone"] == "555-88"


@pytest.mark.parametrize(
    "told",
    ["E11.90^DM^ICD-10-GM-2024", "E11.90^DM^I10G2024", "77^Local^L^E11.90^DM^I10", "77^Local^99OWN^E11.90^DM^ICD10"],
)
def test_a_diagnosis_is_read_by_the_system_of_one_of_its_codes(told):
    message = Message(adt("A01", "PID|1||12", "PV1|1|I", f"DG1|1||{told}|||F"))
    cells = stay.cells_of(message, Authorities("mrn"))
    assert (cells["diagnosis_code"], cells["read_system"]) == ("E11.90", "icd10")


def diagnosed(*segments):
    return stay.cells_of(Message(adt("A08", "PID|1||12", "PV1|1|I", *segments)), Authorities("mrn"))


def obx(code, value):
    return f"OBX|1|ST|{code}^BP^LN||{value}|mm[Hg]|||||F"


@pytest.mark.parametrize(
    ("observed", "told"),
    [
        ([obx("8480-6", "refused"), obx("8462-4", "refused")], None),
        ([obx("85354-9", "120/80 mmHg")], "120/80"),
        ([obx("85354-9", "120 / 80")], "120/80"),
        ([obx("85354-9", "0/0")], None),
        ([obx("85354-9", "16.0/10.7")], None),
        ([obx("85354-9", "80/120")], None),
        ([obx("85354-9", "120/")], None),
        ([obx("85354-9", "n/a")], None),
        ([obx("85354-9", "130/85"), obx("8480-6", "not taken"), obx("8462-4", "9999")], "130/85"),
        ([obx("8480-6", "120.5"), obx("8462-4", "80.0")], "120/80"),
    ],
)
def test_a_blood_pressure_that_cannot_be_is_none(observed, told):
    assert diagnosed(*observed)["blood_pressure"] == told


@pytest.mark.parametrize(
    ("charged", "told"),
    [
        ("N/A", None),
        ("-50", None),
        ("0.00", None),
        ("1e5", None),
        ("1250.5", "1250.5"),
        ("+7", "+7"),
        ("12345678901", None),
    ],
)
def test_what_is_no_amount_charged_says_nothing_of_the_cost(charged, told):
    visit = "PV1|1|I" + "|" * 45 + charged
    assert stay.cells_of(Message(adt("A08", "PID|1||12", visit)), Authorities("mrn"))["cost"] == told


def test_a_visit_is_not_held_back_by_what_is_observed_or_charged(house):
    visit = "PV1|1|I|CARD" + "|" * 16 + "V1" + "|" * 25 + "20240301||" + "|N/A"
    house.deliver(adt("A01", "PID|1||12||Smith^Ann||1980|F", visit, obx("85354-9", "refused/refused")))
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {}
    assert house.row(silver.ENCOUNTERS)["cost_usd"] is None


def dg1(code, priority="", action=""):
    return "|".join(["DG1", "1", "", code, "", "", "F", *[""] * 8, priority, *[""] * 5, action])


def test_diagnoses_that_are_deleted_are_taken_back_and_told_by_no_word():
    deleted = dg1("E11.9^Diabetes^I10", action="D")
    told = diagnosed(deleted)
    assert told.get("diagnosis_code") is None and told.get("diagnosis_text") is None
    assert set(told["emptied"].split()) >= {"diagnosis_code", "diagnosis_text"}
    assert diagnosed(deleted, dg1("I10^Hypertension^I10"))["diagnosis_text"] == "Hypertension"
    assert diagnosed(deleted, dg1("^Own words"))["diagnosis_text"] == "Own words"


def test_a_priority_of_any_length_is_read():
    told = diagnosed(dg1("I10^^I10", "9" * 5000), dg1("E11.9^^I10", "1"))
    assert told["diagnosis_code"] == "E11.9"


def test_the_mark_of_what_was_cut_off_is_read():
    assert Message("MSH|^~\\&#|ADT\rPID|1||||Fam\\P\\x")("PID")(5) == "Fam#x"


def test_who_was_never_admitted_was_nowhere(house):
    pid, visit = "PID|1||12||Smith^Ann||1980|F", "PV1|1|I|{}^1^A" + "|" * 16 + "V1" + "|" * 25 + "20240301"
    sent = (("A01", "CARD", "01"), ("A02", "ICU", "02"), ("A11", "ICU", "03"))
    house.deliver("\r".join(adt(event, pid, visit.format(ward), at=f"202403{day}") for event, ward, day in sent[:2]))
    house.make_silver()
    assert any(row["is_stretch"] for row in house.rows(ENCOUNTER_LOCATIONS))
    house.deliver(adt("A11", pid, visit.format("ICU"), at="20240303"))
    house.make_silver()
    assert not any(row["is_stretch"] or row["left_at"] for row in house.rows(ENCOUNTER_LOCATIONS))
    assert house.row(silver.ENCOUNTERS)["status"] == "cancelled"


def test_stretches_that_are_as_they_were_are_not_written_again(house, admissions):
    pid, visit = "PID|1||12||Smith^Ann||1980|F", "PV1|1|I|{}" + "|" * 16 + "{}" + "|" * 25 + "20240301"
    nowhere, late = visit.format("", "V1"), visit.format("CARD", "V2")
    house.deliver("\r".join((adt("A01", pid, nowhere), adt("A01", pid, late), adt("A03", pid, late + "|20240302"))))
    house.deliver(adt("A02", pid, late.replace("CARD", "ICU"), at="20240303"))
    house.make_silver()

    def written():
        return [each["operation"] for each in house.lake.open(ENCOUNTER_LOCATIONS).history()].count("MERGE")

    before = written()
    house.deliver(admissions({"patient_id": "P1", "encounter_id": "E1"}))
    house.make_silver()
    assert len(house.rows(silver.ENCOUNTERS)) == 3
    assert written() == before


def test_messages_that_were_read_otherwise_before_are_validated_again_once(house):
    house.deliver(adt("A28", died("", "Y")))
    house.make_silver()
    house.lake.set_properties(silver.PATIENTS, hl7_reading=1)
    older_readings.ask_if_older(house.lake, silver.PATIENTS)
    assert rebuild.is_asked_for(house.lake, silver.PATIENTS)
    house.make_silver()
    older_readings.ask_if_older(house.lake, silver.PATIENTS)
    assert not rebuild.is_asked_for(house.lake, silver.PATIENTS)


def test_all_groups_of_a_message_are_merged(house):
    groups = ("MRG|2^^^^MR", "PID|2||3^^^^MR", "MRG|4^^^^MR", "MRG|5^^^^MR", "PID|3||6^^^^MR", "MRG|6^^^^MR")
    people = (adt("A28", f"PID|1||{n}||Smith^Ann||1980|F") for n in range(1, 7))
    house.deliver("\r".join((*people, adt("A40", "PID|1||1^^^^MR||Smith^Ann||1980|F", *groups))))
    house.make_silver()
    merged = {(row["merged_id"], row["survivor_id"]) for row in house.rows(links.MERGED_PATIENTS)}
    assert merged == {("2", "1"), ("4", "3"), ("5", "3")}
    assert house.reasons(links.PATIENT_LINKS) == {}


def test_an_identifier_that_is_moved_names_the_patient_it_was_moved_to(house):
    people = [adt("A28", f"PID|1||{n}||Smith^Ann||1980|F") for n in (1, 2)]
    house.deliver("\r".join((*people, adt("A43", "PID|1||1||Smith^Ann", "MRG|2"))))
    assert not any(made.has_failed for made in house.make_silver())
    merged = house.row(links.MERGED_PATIENTS)
    assert (merged["merged_id"], merged["survivor_id"]) == ("2", "1")


def test_an_account_that_is_renumbered_is_one_stay_under_its_last_number(house):
    pid = "PID|1||12||Smith^Ann||1980|F" + "|" * 10
    visit = "PV1|1|I|CARD^1^A" + "|" * 41 + "20240301"
    house.deliver(adt("A01", f"{pid}ACC1", visit))
    house.make_silver()
    house.deliver("\r".join((adt("A49", f"{pid}ACC2", "MRG|12||ACC1", at="20240302"),
                             adt("A03", f"{pid}ACC2", visit, at="20240303"))))  # fmt: skip
    made = house.make_silver()
    assert not any(each.has_failed for each in made)
    stay = house.row(silver.ENCOUNTERS)
    assert (stay["encounter_id"], stay["status"]) == ("ACC2", "finished")
    house.assert_balanced()


def test_who_is_related_is_kept_and_merged_with_nobody(house):
    people = [adt("A28", f"PID|1||{n}||Smith^Ann||1980|F") for n in (1, 2)]
    house.deliver("\r".join((*people, adt("A24", "PID|1||1||Smith^Ann", "PID|2||2||Smith^Ann"))))
    house.make_silver()
    assert house.row(links.PATIENT_LINKS)["kind"] == "seealso" and house.rows(links.MERGED_PATIENTS) == []


def test_a_move_that_comes_last_holds_for_all_that_came_before(house):
    pid, other = ("PID|1||12||Smith^Ann||1980|F" + "|" * 10 + "ACC1"), "PID|1||13||Jones^Bo||1970|M"
    visit = "PV1|1|I|CARD^1^A" + "|" * 16 + "{}" + "|" * 25 + "20240301"
    house.deliver("\r".join((adt("A01", pid, visit.format("V1")), adt("A01", pid, visit.format("V2")))))
    house.make_silver()
    moved = (
        adt("A50", pid, "MRG|12||||V1", visit.format("V9"), at="20240302"),
        adt("A44", other, "MRG|12||ACC1", at="20240303"),
        adt("A28", other, at="20240302"),
    )
    house.deliver("\r".join((*moved, adt("A03", other, visit.format("V9"), at="20240304"))))
    assert not any(made.has_failed for made in house.make_silver())
    rows = {row["encounter_id"]: (row["patient_id"], row["status"]) for row in house.rows(silver.ENCOUNTERS)}
    assert rows == {"V9": ("13", "finished"), "V2": ("13", "in-progress")}
    assert {row["encounter_id"] for row in house.rows(ENCOUNTER_LOCATIONS)} == {"V9", "V2"}
    house.assert_balanced()


def test_events_that_are_not_read_are_named_and_those_that_change_visits_are_doubted(house):
    pid = "PID|1||12||Smith^Ann||1980|F"
    house.deliver("\r".join((adt("A28", pid), adt("A20", pid))))
    made = next(each for each in house.make_silver() if each.contract is silver.ENCOUNTERS)
    assert made.figures["ADT^A20 not read"] == 1
    assert {check.name: check.passed for check in made.checks}["hl7_event_unread"]
    house.deliver(adt("A17", pid, "PV1|1|I", "PID|2||13", "PV1|2|I"))
    made = next(each for each in house.make_silver() if each.contract is silver.ENCOUNTERS)
    assert {check.name: check.failing for check in made.checks}["hl7_event_unread"] == 1
    house.deliver(adt("A28", "PID|1||14||Jones^Bo||1970|M", at="20240302"))
    made = next(each for each in house.make_silver() if each.contract is silver.ENCOUNTERS)
    assert {check.name: check.passed for check in made.checks}["hl7_event_unread"], "of what came now"


def test_words_in_the_place_of_an_event_name_no_figure(house):
    house.deliver("\r".join(adt(event, "PID|1||12") for event in ("John Doe 1960", "A01 Doe", "Z77", "A\u0661\u0661")))
    made = next(each for each in house.make_silver() if each.contract is silver.ENCOUNTERS)
    told = {name: count for name, count in made.figures.items() if name.endswith("not read")}
    assert told == {"ADT^Z77 not read": 1, "ADT of no event not read": 3}
    assert {check.name: check.failing for check in made.checks}["hl7_event_unread"] == 4
