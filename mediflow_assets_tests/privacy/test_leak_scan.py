"""The leak scan finds canaries of every class in every place, in every spelling, and nothing where there is nothing."""

import base64
import contextlib
import gzip
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import Field
from deltalake.schema import PrimitiveType

from mediflow_assets.contracts import assurance, clinical, gold, masked, silver
from mediflow_assets.contracts.suppression import K
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.privacy import leak_memory, leak_scan
from mediflow_assets.privacy.leak_identifiers import identifiers
from mediflow_assets.privacy.leak_search import digests, hits, possible, words_of
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.house import RECEIVED

CANARIES = {
    "A": "Canary Zebrafinch",
    "B": "77 Canary Lane",
    "D": "+1-555-010-7788",
    "E": "555-010-9911",
    "F": "canary.a@example.org",
    "G": "987-65-4320",
    "H": "PAT-CANARY-01",
    "I": "HPBN-556677",
    "J": "ACCT-8899001",
    "K": "S99912345",
    "L": "1HGCM82633A004352",
    "M": "DEV-SN-44556",
    "N": "https://ehr.example/p/canary7",
    "O": "192.0.2.177",
    "P": "FPRINT-0a1b2c3d",
    "Q": "photo-canary-001.jpg",
    "R": "trial subject 4471 canary",
}
"""A value of each class of 45 CFR 164.514(b)(2)(i) but C: dates are held by the policy of their columns."""
OWN_COLUMN = {
    "A": "full_name",
    "B": "address",
    "D": "phone",
    "F": "email",
    "G": "ssn",
    "H": "patient_id",
    "K": "drivers_license",
}
PEOPLE = 10_000


@pytest.fixture(scope="module")
def planted(tmp_path_factory, open_house):
    """10,000 patients, one of them the canary, in Silver; nothing yet anywhere else."""
    house = open_house(tmp_path_factory.mktemp("leaks") / "home")
    plain = {"source_system": "synthea", "gender": "F", "updated_at": RECEIVED}
    people = [
        plain
        | {
            "patient_id": f"PAT-{n:06}",
            "patient_key": house.key.pseudonym("patient", f"PAT-{n:06}"),
            "full_name": f"Given{n} Family{n}",
            "ssn": f"999-{n // 100:02}-{n:04}",
            "address": f"{n} Some Road",
        }
        for n in range(PEOPLE - 1)
    ]
    people.append(plain | {name: CANARIES[letter] for letter, name in OWN_COLUMN.items()} | {"patient_key": "0" * 32})
    house.lake.append_rows(silver.PATIENTS, people)
    unknown = {f"x_{letter}": value for letter, value in CANARIES.items() if letter not in OWN_COLUMN}
    stay = {
        "encounter_id": "ENC-CANARY-1",
        "patient_id": CANARIES["H"],
        "source_system": "synthea",
        "status": "finished",
        "department": "CARDIOLOGY",
        "admitted_at": RECEIVED,
        "gender": "F",
        "updated_at": RECEIVED,
        "diagnosis_text": CANARIES["R"],
        "extra": json.dumps(unknown),
    }
    house.lake.append_rows(silver.ENCOUNTERS, [stay])
    for contract in (gold.DEPARTMENT_COSTS, masked.ENCOUNTERS, masked.PATIENTS):
        house.lake.ensure(contract)
    return house


@pytest.fixture
def house(planted, tmp_path):
    return planted.copy(f"home-{tmp_path.name}")


def scan(house, kind=leak_scan.FULL):
    return leak_scan.Scan(house.folder, house.lake, house.key).run(kind)


def text_file(path):
    def write(house, value):
        file = house.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"2026-01-01 step done\nthe record of {value}, was read\nend\n", encoding="utf-8")

    return write


def table_row(contract, column):
    def write(house, value):
        schema = pa.schema([(column, pa.string())])
        folder = house.folder / "lake" / contract.name
        pq.write_table(
            pa.Table.from_pylist([{column: "plain"}, {column: f"see {value}"}], schema=schema), folder / "x.parquet"
        )

    return write


def database(path, table="event_logs"):
    def write(house, value):
        file = house.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(file) as connection:
            connection.execute(f"CREATE TABLE {table} (id INTEGER, event TEXT, more TEXT)")
            connection.execute(f"INSERT INTO {table} VALUES (1, ?, 'SUCCESS')", (value,))
        connection.close()

    return write


def statistics(house, value):
    """A row whose file is gone: its least and greatest values still stand in the table's log."""
    lake, before = house.lake, set((house.folder / "lake" / masked.PATIENTS.name).glob("*.parquet"))
    lake.append_rows(masked.PATIENTS, [{"patient_key": "k", "zip3": value}])
    for file in set((house.folder / "lake" / masked.PATIENTS.name).glob("*.parquet")) - before:
        file.unlink()


def packed(house, value):
    file = house.folder / "mlflow" / "artifacts" / "model.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(gzip.compress(json.dumps({"reference": value}).encode()))


PLACES = {
    "gold": table_row(gold.DEPARTMENT_COSTS, "department"),
    "masked": table_row(masked.ENCOUNTERS, "diagnosis_text"),
    "statistics in a log": statistics,
    "models": text_file("lake/models/cost/3/bundle.json"),
    "exports": text_file("exports/ab12/encounters.csv"),
    "dagster's storage": database("dagster/storage/run.db"),
    "dagster's logs": text_file("dagster/storage/run/compute_logs/step.err"),
    "mlflow": database("mlflow/mlflow.db", "params"),
    "mlflow, packed": packed,
    "logs": text_file("logs/gateway.log"),
    "ops.db": database("ops.db", "predictions"),
}
SPELLINGS = {
    "raw": lambda value: value,
    "other case": lambda value: value.swapcase(),
    "url": lambda value: quote(value, safe=""),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for urls": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
}


def test_a_clean_home_is_clean_and_every_canary_is_looked_for(house):
    found = scan(house)
    assert found.hits == 0 and found.identifiers > 3 * PEOPLE - 10
    assert {value.lower() for value in CANARIES.values()} <= set(identifiers(house.lake).to_list())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("letter", ["H", "A"])
def test_an_identifier_is_found_in_every_place(house, place, letter):
    PLACES[place](house, CANARIES[letter])
    found = scan(house)
    assert found.hits >= 1 and found.files_hit == 1, place
    assert not any(CANARIES[letter] in named for named in found.places)


@pytest.mark.parametrize("letter", CANARIES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_class_is_found_in_every_spelling(house, letter, spelling):
    for place in ("masked", "logs", "dagster's storage"):
        PLACES[place](house, SPELLINGS[spelling](CANARIES[letter]))
    assert scan(house).files_hit == 3


def test_a_hit_is_told_by_its_class_and_columns_and_never_by_its_value(house):
    for letter in ("D", "M"):
        PLACES["logs"](house, CANARIES[letter])
        found = scan(house)
        told = {"D": "silver/patients.phone (D tel", "M": "silver/encounters.extra (R other"}[letter]
        ((place, columns),) = found.kinds
        assert place == "logs" and columns.startswith(told) and found.kinds.total() == found.hits
        assert CANARIES[letter].lower() not in str(found.kinds).lower()


@pytest.mark.parametrize(
    "answer",
    ["2024-05-01", "2024-05", "05/2024", "May 2024", "1 May 2024", "2024-05-01T08:00:00Z", "15:25:00", "120.50"],
)
def test_an_answer_that_is_a_date_a_month_or_an_amount_is_nobodys(house, answer):
    """Marts are full of months, logs of days."""
    row = {"observation_id": "O-1", "observation_key": "o", "patient_id": "P1", "patient_key": "p"}
    more = {"source_system": "fhir", "updated_at": RECEIVED, "value_text": answer, "id_namespace": "fhir"}
    house.lake.append_rows(clinical.OBSERVATIONS, [row | more | {"_ingested_at": RECEIVED}])
    assert answer.lower() not in set(identifiers(house.lake).to_list())


def test_a_date_of_class_c_is_held_by_its_columns_policy(house):
    table = house.lake.open(masked.PATIENTS)
    table.alter.add_columns([Field("birth_date", PrimitiveType("date"))])
    assert scan(house).places["masked/patients"] == 1


def test_a_file_named_after_a_patient_is_found_and_not_named(house):
    text_file(f"logs/{CANARIES['H']}.log")(house, "nothing")
    found = scan(house)
    assert found.hits == 1 and dict(found.places) == {"logs": 1}


def test_a_run_looks_only_at_what_is_new_and_never_forgets_a_hit(house):
    assert scan(house, leak_scan.NEW).files > 0
    assert scan(house, leak_scan.NEW).files == 0
    text_file("logs/new.log")(house, CANARIES["H"])
    first, second = scan(house, leak_scan.NEW), scan(house, leak_scan.NEW)
    assert first.files == second.files == 1 and first.hits == second.hits == 1
    (house.folder / "logs" / "new.log").unlink()
    assert scan(house, leak_scan.FULL).hits == 0


def test_everybody_is_looked_for_in_what_is_new_and_who_is_new_in_everything(house):
    text_file("logs/old.log")(house, "MRN-777-001 and MRN-777-002")
    assert scan(house, leak_scan.NEW).hits == 0
    text_file("logs/new.log")(house, CANARIES["H"])
    assert dict(scan(house, leak_scan.NEW).places) == {"logs": 1}
    text_file("logs/new.log")(house, "nobody")
    newcomer = {"patient_id": "MRN-777-002", "patient_key": "2" * 32, "source_system": "synthea", "gender": "F"}
    house.lake.append_rows(silver.PATIENTS, [newcomer | {"updated_at": RECEIVED}])
    found = scan(house, leak_scan.NEW)
    assert found.hits == found.files_hit == 1 and found.kinds.total() == 1
    assert scan(house, leak_scan.NEW).hits == 1, "a hit is never forgotten"
    (house.folder / "logs" / "old.log").unlink()
    assert scan(house, leak_scan.NEW).hits == 0
    assert b"zebrafinch" not in (house.folder / leak_memory.FILE).read_bytes().lower()


def test_what_a_log_tells_nothing_of_is_read(house):
    """A column is passed over only where the statistics of every file say that it is empty."""
    text_file("logs/old.log")(house, CANARIES["G"])
    assert scan(house).hits == 1
    for commit in (Path(house.lake.uri(silver.PATIENTS)) / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for added in (action["add"] for action in actions if "add" in action):
            added.pop("stats")
        commit.write_text("\n".join(map(json.dumps, actions)))
    assert leak_scan.Scan(house.folder, Lake(house.lake.root), house.key).run(leak_scan.FULL).hits == 1


def test_who_was_looked_for_in_a_file_is_not_looked_for_there_again(house, monkeypatch):
    text_file("logs/old.log")(house, " ".join(reversed(CANARIES["B"].split())))
    assert scan(house, leak_scan.NEW).hits == 0
    monkeypatch.setattr(leak_scan, "hits", lambda *_, **__: pytest.fail("an old file was looked through again"))
    assert scan(house, leak_scan.NEW).files == 0


def added(file, text, table="event_logs"):
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"INSERT INTO {table} (event) VALUES (?)", (text,))


@pytest.fixture
def history(house):
    """Dagster's events and ticks, which were looked through."""
    file = house.folder / "dagster/history/runs/index.db"
    file.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        for table in ("event_logs", "job_ticks"):
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, event TEXT)")
    added(file, "MRN-777-002 is nobody yet")
    added(file, "a tick", "job_ticks")
    assert scan(house, leak_scan.NEW).hits == 0
    return file


def test_of_events_those_that_came_are_looked_through_and_of_other_rows_all(house, history, monkeypatch):
    read = []
    real = leak_scan.texts_of
    monkeypatch.setattr(leak_scan, "texts_of", lambda *told: [read.append(text) or text for text in real(*told)])
    added(history, "all is well")
    assert scan(house, leak_scan.NEW).hits == 0
    told = " ".join(text for series in read for text in series)
    assert "all is well" in told and "nobody yet" not in told
    added(history, f"of {CANARIES['H']}")
    assert scan(house, leak_scan.NEW).hits == 1
    with contextlib.closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("UPDATE event_logs SET event = '' WHERE id = (SELECT max(id) FROM event_logs)")
        connection.execute("UPDATE job_ticks SET event = ?", (CANARIES["H"],))
    assert scan(house, leak_scan.NEW).hits == 1


def test_who_is_new_is_looked_for_in_the_older_events_too(house, history):
    added(history, "all is well")
    newcomer = {"patient_id": "MRN-777-002", "patient_key": "2" * 32, "source_system": "synthea", "gender": "F"}
    house.lake.append_rows(silver.PATIENTS, [newcomer | {"updated_at": RECEIVED}])
    assert scan(house, leak_scan.NEW).files_hit == 1


def test_events_that_come_while_a_scan_is_at_work_are_looked_through_by_the_next(house, history, monkeypatch):
    real = leak_scan.identifiers

    def meanwhile(*told):
        monkeypatch.undo()
        added(history, f"of {CANARIES['H']}")
        return real(*told)

    added(history, "all is well")
    monkeypatch.setattr(leak_scan, "identifiers", meanwhile)
    assert scan(house, leak_scan.NEW).hits == 0
    assert scan(house, leak_scan.NEW).hits == 1


def test_events_that_began_anew_are_all_looked_through(house, history):
    history.unlink()
    with contextlib.closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("CREATE TABLE event_logs (id INTEGER PRIMARY KEY, event TEXT)")
        connection.execute("INSERT INTO event_logs VALUES (0, ?)", (CANARIES["H"],))
    assert scan(house, leak_scan.NEW).files_hit == 1


@pytest.mark.parametrize("left", [b"no table", b""])
def test_what_cannot_be_read_of_the_last_scan_is_said(house, left):
    (house.folder / leak_memory.FILE).write_bytes(left)
    with pytest.raises(SettingsInvalid, match="the next scan is then a full one"):
        scan(house, leak_scan.NEW)


def test_under_another_key_nothing_is_known_of_any_file(house):
    files = scan(house, leak_scan.NEW).files
    other = leak_scan.Scan(house.folder, house.lake, replace(house.key, secret=b"k" * 32))
    assert other.run(leak_scan.NEW).files >= files


def test_the_step_writes_it_down_fails_on_a_hit_and_rests_when_nothing_changed(house):
    made = leak_scan.make(house.context, house.folder)
    assert not made.has_failed and not made.is_unchanged
    assert leak_scan.make(house.context, house.folder).is_unchanged
    PLACES["masked"](house, CANARIES["G"])
    house.lake.set_properties(masked.ENCOUNTERS, something="changed")
    made = leak_scan.make(house.context, house.folder)
    assert made.has_failed and made.figures["hits"] >= 1
    assert sorted(row["hits"] > 0 for row in house.rows(assurance.LEAK_SCANS)) == [False, True]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("patient 100123 is gone", 1),
        ("wrote 100123 rows", 0),
        ('{"id": "100123"}', 1),
        ("took 12.100123 s", 0),
        ("patient_id=100123", 1),
        ("x100123", 0),
        ("100123", 1),
        ("1001234", 0),
        ("mrn: 100123.", 1),
    ],
)
def test_a_short_number_is_one_only_where_it_is_said_to_be(text, count):
    assert hits(pl.Series([text]), pl.Series(["100123"])).total() == count


def test_a_short_number_in_a_cell_of_a_table_is_one():
    assert hits(pl.Series(["see 100123", "x"]), pl.Series(["100123"]), is_cell=True) == {"100123": 1}


def test_only_those_whose_words_all_occur_are_looked_for_exactly():
    words = digests(words_of(pl.Series(["Ada lives at 12 Main-Street", None, "PAT 000001"])), 7)
    wanted = pl.Series(["ada main", "ada nobody", "pat-000001", "pat-000002", "12 main street"])
    assert sorted(possible(wanted, words, 7)) == ["12 main street", "ada main", "pat-000001"]


def test_a_pseudonym_like_identifier_is_looked_for_among_the_keys(house):
    id_ = "0123456789abcdef0123456789abcdef"
    house.lake.append_rows(
        silver.PATIENTS,
        [{"patient_id": id_, "patient_key": "k", "source_system": "synthea", "gender": "F", "updated_at": RECEIVED}],
    )
    assert scan(house).hits == 0
    schema = pa.schema([("patient_key", pa.string())])
    table = pa.Table.from_pylist([{"patient_key": id_}], schema=schema)
    pq.write_table(table, Path(house.lake.uri(masked.PATIENTS)) / "k.parquet")
    assert scan(house).hits == 1


def test_a_file_that_goes_while_the_scan_is_at_work_is_no_leak_and_stops_nothing(house, monkeypatch):
    names = ("logs/journal", "dagster/storage/old.db", "mlflow/gone.gz", "lake/models/cost/1/gone.parquet")
    for name in names:
        text_file(name)(house, CANARIES["H"])
    real, gone = leak_scan.texts_of, []

    def texts_of(path, are_keys, after):
        if str(path.relative_to(house.folder)) in names and path.exists():
            gone.append(path.unlink())
        return real(path, are_keys, after)

    monkeypatch.setattr(leak_scan, "texts_of", texts_of)
    assert scan(house).hits == 0 and len(gone) == len(names)
    monkeypatch.undo()
    real_stamp, journal = leak_scan._stamp, house.folder / names[0]
    text_file(names[0])(house, CANARIES["H"])
    monkeypatch.setattr(leak_scan, "_stamp", lambda path: (path == journal and path.unlink()) or real_stamp(path))
    assert scan(house).hits == 0


def test_a_version_is_clean_only_after_a_scan_of_it_that_found_nothing(house):
    table, version = masked.ENCOUNTERS, house.lake.version(masked.ENCOUNTERS)
    assert not leak_scan.is_clean(house.lake, table, version)
    leak_scan.make(house.context, house.folder)
    assert leak_scan.is_clean(house.lake, table, version) and not leak_scan.is_clean(house.lake, table, version + 1)
    PLACES["logs"](house, CANARIES["G"])
    leak_scan.make(house.context, house.folder, leak_scan.FULL)
    assert not leak_scan.is_clean(house.lake, table, version)


def test_a_scan_that_is_cut_short_leaves_no_older_word_that_all_is_clean(house, monkeypatch):
    leak_scan.make(house.context, house.folder)
    version = house.lake.version(masked.ENCOUNTERS)
    PLACES["logs"](house, CANARIES["G"])
    monkeypatch.setattr(type(house.lake), "append_rows", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        leak_scan.make(house.context, house.folder, leak_scan.FULL)
    assert not leak_scan.is_clean(house.lake, masked.ENCOUNTERS, version)


def test_an_identifier_is_found_in_texts_that_are_stored_as_views(house):
    house.lake.append_rows(masked.ENCOUNTERS, [{"encounter_key": "k", "department": "CARDIOLOGY"}])
    house.lake.open(masked.ENCOUNTERS).update(new_values={"department": CANARIES["G"]})
    assert scan(house).places["lake/masked/encounters"] >= 1


def test_codes_and_times_among_the_cells_that_a_feed_composes_are_nobodys(house):
    cells = {
        "HD": "S72.001A",
        "Time": "15:25:00",
        "Born": "23.09.1977",
        "In": "08/17/2023 04:24 pm",
        "Day": "03-Dec-2023",
    }
    ids = {"MRN": "12-34-56", "SSN": "987-65-4329", "Case": "S7200149", "Chart": "MRN-2001", "Card": "23.09.197799"}
    row = house.lake.read(silver.ENCOUNTERS).to_pylist()[0]
    more = {"encounter_id": "E2", "diagnosis_code": "S72.001A", "diagnosis_text": "s72.001a"}
    house.lake.append_rows(silver.ENCOUNTERS, [row | more | {"extra": json.dumps(cells | ids)}])
    wanted = set(identifiers(house.lake).to_list())
    assert {text.lower() for text in ids.values()} <= wanted
    assert not {text.lower() for text in cells.values()} & wanted


@pytest.mark.parametrize(("patients", "is_shown"), [(K, True), (K - 1, False)])
def test_a_city_that_a_department_is_called_by_is_no_find_where_the_department_is_shown(house, patients, is_shown):
    town = {"patient_id": "PAT-TOWN", "patient_key": "1" * 32, "city": "Overland Park", "source_system": "fhir"}
    house.lake.append_rows(silver.PATIENTS, [town | {"updated_at": RECEIVED, "gender": "F"}])
    row = house.lake.read(silver.ENCOUNTERS).to_pylist()[0] | {"department": "OVERLAND PARK REG MED CTR", "extra": None}
    stays = [row | {"encounter_id": f"T{n}", "patient_key": f"{n:032x}"} for n in range(patients)]
    house.lake.append_rows(silver.ENCOUNTERS, stays)
    assert ("overland park" in set(identifiers(house.lake).to_list())) is not is_shown


def test_a_file_put_into_the_exports_by_hand_is_looked_through_though_no_table_changed(house):
    assert not leak_scan.make(house.context, house.folder).has_failed
    assert leak_scan.make(house.context, house.folder).is_unchanged
    text_file("exports/e1/x.csv")(house, "of nobody")
    assert not leak_scan.make(house.context, house.folder).is_unchanged
    assert leak_scan.make(house.context, house.folder).is_unchanged
    text_file("exports/e1/x.csv")(house, CANARIES["H"])
    assert leak_scan.make(house.context, house.folder).has_failed
