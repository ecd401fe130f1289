"""From real files to masked tables: every count and sum worked out a second time, by other means."""

import datetime as dt
import math
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from mediflow_assets.contracts import TABLES, bronze, gold, masked, silver
from mediflow_assets.transforms import costs

DATA = Path(__file__).parents[2] / "shared" / "data"
RECEIVED = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
DEPARTMENTS = {
    "inpatient": "GENERAL_MEDICINE",
    "emergency": "EMERGENCY",
    "outpatient": "OUTPATIENT_CLINIC",
    "ambulatory": "AMBULATORY_CARE",
    "urgentcare": "URGENT_CARE",
    "wellness": "PREVENTIVE_CARE",
    "hospice": "HOSPICE",
    "snf": "SKILLED_NURSING",
    "home": "HOME_CARE",
    "virtual": "TELEHEALTH",
}
FILES = (
    "synthea_hospital/patients.csv",
    "synthea_hospital/encounters.csv",
    "synthea_claims/patients.csv",
    "synthea_claims/encounters.csv",
    "synthea_claims/conditions.csv",
    "mediflow_v2/patients_synthetic.csv",
)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")


@pytest.fixture(scope="module")
def made(tmp_path_factory, session, open_house):
    """The real files, brought all the way."""
    house = open_house(tmp_path_factory.mktemp("real") / "house")
    for name in FILES:
        house.receive((DATA / name).read_bytes(), RECEIVED)
    house.land()
    results = [*house.make_silver(), *house.make_gold()]
    return SimpleNamespace(house=house, results=results)


def texts(name):
    """A file as it stands: every cell a text, empty ones null."""
    return pl.read_csv(DATA / name, infer_schema=False, encoding="utf8-lossy").rename(lambda n: n.lstrip("\ufeff"))


def moment(name):
    return pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")


@pytest.fixture(scope="module")
def expected():
    """The valid encounters and their patients, by polars alone."""
    patients = pl.concat(
        [texts(name).select("Id", "BIRTHDATE", "GENDER") for name in FILES if "patients.csv" in name]
    ).with_columns(pl.col("BIRTHDATE").str.to_date())
    synthea = pl.concat(
        texts(f"{folder}/encounters.csv").select(
            "Id", "PATIENT", "START", "STOP", "ENCOUNTERCLASS", "TOTAL_CLAIM_COST", "REASONCODE"
        )
        for folder in ("synthea_hospital", "synthea_claims")
    ).join(patients, left_on="PATIENT", right_on="Id")
    synthea = synthea.select(
        id=pl.col("Id").str.to_uppercase(),
        patient=pl.col("PATIENT").str.to_uppercase(),
        class_=pl.col("ENCOUNTERCLASS").str.to_lowercase(),
        department=pl.col("ENCOUNTERCLASS").str.to_lowercase().replace_strict(DEPARTMENTS),
        gender=pl.col("GENDER"),
        code=pl.col("REASONCODE").fill_null("UNKNOWN"),
        admitted=moment("START"),
        discharged=moment("STOP"),
        birth=pl.col("BIRTHDATE"),
        cost=pl.col("TOTAL_CLAIM_COST").cast(pl.Decimal(18, 2)),
        age=pl.lit(None, pl.Int64),
    )
    flat = texts("mediflow_v2/patients_synthetic.csv").with_columns(pl.col("age").cast(pl.Int64))
    flat = flat.filter(pl.col("age").is_between(0, 120)).select(
        id=pl.concat_str("patient_id", "admission_date", "department", separator="|").str.to_uppercase(),
        patient=pl.col("patient_id").str.to_uppercase(),
        class_=pl.lit(None, pl.String),
        department=pl.col("department"),
        gender=pl.col("gender"),
        code=pl.col("diagnosis_code").fill_null("UNKNOWN"),
        admitted=pl.col("admission_date").str.to_datetime("%Y-%m-%d", time_unit="us"),
        discharged=pl.lit(None, pl.Datetime("us")),
        birth=pl.lit(None, pl.Date),
        cost=pl.col("cost").cast(pl.Decimal(18, 2)),
        age=pl.col("age"),
    )
    had_birthday = pl.col("admitted").dt.strftime("%m%d") >= pl.col("birth").dt.strftime("%m%d")
    years = pl.col("admitted").dt.year() - pl.col("birth").dt.year() - (~had_birthday).cast(pl.Int64)
    return pl.concat([synthea, flat]).with_columns(age=pl.coalesce("age", years.cast(pl.Int64)))


def frame(made, contract):
    return pl.from_arrow(made.house.lake.read(contract))


def test_every_check_of_every_table_holds(made):
    assert {m.contract.name for m in made.results if not m.checks} == set()
    assert [(m.contract.name, c.name) for m in made.results for c in m.checks if not c.passed] == []


def test_no_record_is_lost_on_the_way_to_bronze(made):
    found = {
        (row["source"], row["records"], row["bronze"], row["rejects"]) for row in made.house.rows(bronze.DELIVERIES)
    }
    assert found == {
        ("synthea_patients", 974, 974, 0),
        ("synthea_encounters", 27_891, 27_891, 0),
        ("synthea_patients", 27, 27, 0),
        ("synthea_encounters", 604, 604, 0),
        ("synthea_conditions", 438, 438, 0),
        ("admissions", 5_000, 5_000, 0),
    }


def test_only_the_fifty_impossible_ages_are_quarantined(made):
    held = frame(made, silver.QUARANTINE)
    assert held.height == 50
    assert held["reasons"].to_list() == [["age_out_of_range"]] * 50
    made.house.assert_balanced()


def test_the_silver_tables_hold_just_the_valid_rows(made, expected):
    encounters = frame(made, silver.ENCOUNTERS)
    assert set(encounters["encounter_id"]) == set(expected["id"])
    assert encounters.height == expected.height == 27_891 + 604 + 5_000 - 50
    assert made.house.lake.rows(silver.PATIENTS) == 974 + 27 + 5_000
    conditions = texts("synthea_claims/conditions.csv").select("PATIENT", "CODE", pl.col("START").str.slice(0, 10))
    assert made.house.lake.rows(silver.CONDITIONS) == conditions.n_unique()


def test_ages_and_costs_of_each_encounter_are_those_of_the_files(made, expected):
    found = frame(made, silver.ENCOUNTERS).select("encounter_id", "age_at_admission", "cost_usd", "department")
    both = found.join(expected, left_on="encounter_id", right_on="id")
    assert both.filter(
        pl.col("age_at_admission").cast(pl.Int64).ne_missing(pl.col("age"))
        | pl.col("cost_usd").cast(pl.Decimal(18, 2)).ne_missing(pl.col("cost"))
        | (pl.col("department") != pl.col("department_right"))
    ).is_empty()


def test_department_costs_add_up_to_the_files(made, expected):
    wanted = expected.group_by("department", "gender", "code").agg(
        pl.len().alias("n"), pl.col("patient").n_unique().alias("people"), pl.col("cost").sum()
    )
    found = frame(made, gold.DEPARTMENT_COSTS)
    both = found.join(
        wanted,
        left_on=["department", "gender", "diagnosis_code"],
        right_on=["department", "gender", "code"],
        how="full",
    )
    assert both.height == found.height == wanted.height
    assert both.filter(
        pl.col("encounters").ne_missing(pl.col("n").cast(pl.Int64))
        | pl.col("patients").ne_missing(pl.col("people").cast(pl.Int64))
        | pl.col("total_cost_usd").ne_missing(pl.col("cost").cast(pl.Decimal(18, 2)))
    ).is_empty()


def lower_median(values):
    """The middle value, the lower of two."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def groups_of(department, code, class_):
    """The peer groups of an encounter, from the narrowest to the widest."""
    return (department, code, class_), (department, "*", class_), ("*", "*", class_), ("*", "*", "*")


def limits(expected):
    """Peer group → (count, median, limit); by the definition, in floats."""
    priced = expected.filter(pl.col("cost") > 0)
    groups = {}
    columns = ("department", "code", pl.col("class_").fill_null("unknown"), pl.col("cost").cast(pl.Float64))
    for *names, cost in priced.select(*columns).iter_rows():
        for group in groups_of(*names):
            groups.setdefault(group, []).append(cost)
    found = {}
    for group, values in groups.items():
        if len(values) >= costs.MINIMUM_GROUP or group == ("*", "*", "*"):
            median = lower_median(values)
            scale = 1.4826 * lower_median(abs(math.log(value / median)) for value in values)
            limit = median * math.exp(costs.THRESHOLD_Z * max(scale, costs.FLOOR_OF_SCALE))
            found[group] = (len(values), median, limit)
    return found


def baselines(made):
    names = ("department", "diagnosis_code", "encounter_class")
    return {tuple(row[n] for n in names): row for row in frame(made, gold.COST_BASELINES).to_dicts()}


def test_cost_baselines_are_the_robust_figures_of_each_group(made, expected):
    wanted, found = limits(expected), baselines(made)
    assert found.keys() == wanted.keys()
    for group, (count, median, limit) in wanted.items():
        row = found[group]
        assert (row["encounters"], float(row["median_cost_usd"])) == (count, median), group
        # the spread is kept to four decimals, and its power in the limit
        assert float(row["limit_usd"]) == pytest.approx(limit, rel=1e-3), group


def test_cost_anomalies_are_those_above_the_limit_of_their_narrowest_group(made, expected):
    limit_of = {group: row["limit_usd"] for group, row in baselines(made).items()}
    rows = expected.filter(pl.col("cost") > 0).select(
        "id", "department", "code", pl.col("class_").fill_null("unknown"), "cost"
    )
    wanted = {
        id_
        for id_, *names, cost in rows.iter_rows()
        if cost > next(limit_of[group] for group in groups_of(*names) if group in limit_of)
    }
    keys = frame(made, silver.ENCOUNTERS).select("encounter_id", "encounter_key")
    found = frame(made, gold.COST_ANOMALIES).join(keys, on="encounter_key")
    assert set(found["encounter_id"]) == wanted != set()


def episodes_of(stays):
    """Stays of one patient, in order, as (key of the one that ended last, begin, end), joined where they overlap."""
    joined = []
    for stay in stays:
        if joined and stay["admitted"] <= joined[-1][2]:
            key, begin, end = joined.pop()
            later = stay["discharged"] >= end
            joined.append((stay["id"] if later else key, begin, max(end, stay["discharged"])))
        else:
            joined.append((stay["id"], stay["admitted"], stay["discharged"]))
    return joined


def test_readmissions_are_the_next_inpatient_episode_within_thirty_days(made, expected):
    stays = {}
    for row in expected.filter(pl.col("class_") == "inpatient").sort("patient", "admitted", "id").to_dicts():
        stays.setdefault(row["patient"], []).append(row)
    followed = expected.select(pl.max_horizontal("admitted", "discharged").max()).item() - dt.timedelta(days=30)
    wanted = {}
    for own in map(episodes_of, stays.values()):
        for (key, _, end), following in zip(own, [*own[1:], None], strict=True):
            days = (following[1].date() - end.date()).days if following else 99
            wanted[key] = days <= 30 if end.date() <= followed.date() else None
    keys = frame(made, silver.ENCOUNTERS).select("encounter_id", "encounter_key")
    found = frame(made, gold.READMISSIONS).join(keys, on="encounter_key").select("encounter_id", "is_readmitted")
    assert dict(found.iter_rows()) == wanted
    assert {True, False} <= set(wanted.values())


def test_monthly_activity_adds_up_by_month_department_and_class(made, expected):
    wanted = (
        expected.with_columns(pl.col("admitted").dt.date().dt.month_start().alias("month"))
        .group_by("month", "department", pl.col("class_").fill_null("unknown"))
        .agg(pl.len().alias("n"), pl.col("patient").n_unique().alias("people"), pl.col("cost").sum().alias("sum"))
    )
    found = frame(made, gold.MONTHLY_ACTIVITY)
    both = found.join(
        wanted,
        left_on=["month", "department", "encounter_class"],
        right_on=["month", "department", "class_"],
    )
    assert both.height == found.height == wanted.height
    assert both.filter(
        (pl.col("encounters") != pl.col("n"))
        | (pl.col("patients") != pl.col("people"))
        | pl.col("cost_usd").ne_missing(pl.col("sum").cast(pl.Decimal(18, 2)))
    ).is_empty()
    assert found["anomalies"].sum() == made.house.lake.rows(gold.COST_ANOMALIES)
    index = frame(made, gold.READMISSIONS).filter(pl.col("excluded_because").is_null())
    assert found["index_stays"].sum() == index.height
    assert found["readmitted"].sum() == index["is_readmitted"].sum()


def test_the_daily_census_counts_the_days_of_each_stay(made, expected):
    stays = expected.filter(pl.col("class_") == "inpatient")
    wanted = stays.select(
        ((pl.col("discharged").dt.date() - pl.col("admitted").dt.date()).dt.total_days() + 1).sum()
    ).item()
    found = frame(made, gold.DAILY_CENSUS)
    assert (found["census"].sum(), found["admissions"].sum()) == (wanted, stays.height)


def test_features_have_one_row_an_encounter(made, expected):
    found = frame(made, gold.ADMISSION_FEATURES)
    assert found.height == expected.height
    inpatient = expected.filter(pl.col("class_") == "inpatient").select("patient", before="admitted")
    pairs = expected.select("id", "patient", "admitted").join(inpatient, on="patient")
    since = pl.col("admitted") - pl.col("before")
    wanted = pairs.filter((since > pl.duration()) & (since <= pl.duration(days=365))).height
    assert found["prior_admissions_12m"].sum() == wanted


def test_masked_rows_stand_for_every_row_and_small_cells_are_blank(made, expected):
    rows = made.house.lake.rows
    for copy, source in masked.COPIES.items():
        assert rows(copy) == rows(source), copy.name
    suppressed = frame(made, masked.DEPARTMENT_COSTS)
    groups = expected.group_by("department", "gender", "code").agg(pl.col("patient").n_unique().alias("people"))
    assert suppressed["is_suppressed"].sum() >= groups.filter(pl.col("people") < 11).height > 0
    hidden = suppressed.filter("is_suppressed")
    assert hidden.select(pl.col("patients", "encounters", "total_cost_usd").is_null().all()).row(0) == (True,) * 3
    assert suppressed.filter(~pl.col("is_suppressed"))["patients"].min() >= 11
    peers = expected.filter(pl.col("cost") > 0).select("department", "code").n_unique()
    assert rows(masked.COST_PEERS) == peers


def test_no_identifier_of_a_patient_stands_in_gold_or_masked_tables(made, expected):
    """Ids, whole names, street addresses, in any text of any table analysts or the gateway may open."""
    people = frame(made, silver.PATIENTS)
    private = set(people["patient_id"]) | set(expected["id"])
    for column in ("full_name", "address", "ssn", "drivers_license", "passport"):
        private |= set(people[column].drop_nulls())
    for name, contract in TABLES.items():
        if name.startswith(("gold/", "masked/")):
            table = frame(made, contract)
            for column in table.select(pl.col(pl.String)):
                assert private.isdisjoint(column.drop_nulls().unique()), f"{name}.{column.name}"


def test_the_same_files_again_change_nothing(made):
    before = {name: made.house.lake.version(contract) for name, contract in TABLES.items()}
    for name in FILES:
        made.house.receive((DATA / name).read_bytes(), RECEIVED + dt.timedelta(days=1), "again.csv")
    made.house.land()
    assert all(m.is_unchanged for m in (*made.house.make_silver(), *made.house.make_gold()))
    assert {name: made.house.lake.version(contract) for name, contract in TABLES.items()} == before
