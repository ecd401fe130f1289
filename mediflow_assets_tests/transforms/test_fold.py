"""Versions in any order, any number of times, end in the same rows: those of the slow reference."""

import datetime as dt
import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediflow_assets.transforms.clearing import CLEARED, WHOLE
from mediflow_assets.transforms.each_version import ARRIVED, KIND
from mediflow_assets.transforms.fold import EMPTY, GONE, KEPT, OUTCOME, ROW, SEEN, Fold
from mediflow_assets_tests import versions_reference as reference

COLUMNS = ("name", "status", "begin", "end", "born", "born_precision")
DATES = ("born", "born_precision")
OUTDATED = ("status", "in-progress", "end")
FOLD = Fold(
    ("id",),
    COLUMNS,
    begin_and_end=("begin", "end"),
    oldest=("name", "first_name", "first_at"),
    dates=(DATES,),
    outdated=OUTDATED,
)
TIMES = pa.timestamp("us", tz="UTC")
TYPES = {"_record_number": pa.int64(), "version_number": pa.int64(), "begin": pa.int64(), "end": pa.int64()}
TYPES |= {"born": pa.date32()}
TYPES |= dict.fromkeys(("updated_at", "claimed_at", "_ingested_at", "first_at"), TIMES)
TYPES |= {"is_end": pa.bool_(), ARRIVED: pa.bool_()}
NAMES = ("id", "source_system", "_delivery_id", *COLUMNS[:2], "born_precision", "first_name", *TYPES, KIND)
SCHEMA = pa.schema([pa.field(name, TYPES.get(name, pa.string())) for name in NAMES])


def day(number):
    return None if number is None else dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number)


@st.composite
def deliveries(draw):
    """Deliveries of versions of three records, of one source each, at most one a day."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        source = draw(st.sampled_from(["flat", "synthea"]))
        for record in range(1, draw(st.integers(1, 4)) + 1):
            is_end = draw(st.sampled_from([False] * 5 + [True]))
            says = {"status": "cancelled"} if is_end else draw(_SAID) | draw(_BORN)
            made.append(
                {
                    "id": draw(st.sampled_from("ABC")),
                    "source": source,
                    "received": number // 2,
                    "claimed": draw(st.sampled_from([None, 0, 1, 2, 9, 10])),
                    "number": draw(st.sampled_from([None, 1, 2])),
                    "delivery": f"d{number}",
                    "record": record,
                    "is_end": is_end,
                    "says": says,
                }
            )
    return made


_SAID = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["x", "y", None]),
        "status": st.sampled_from(["finished", "in-progress", "cancelled", None]),
        "begin": st.integers(1, 3),
        "end": st.integers(1, 3),
    },
).filter(lambda says: says.get("begin", 0) <= says.get("end", 9))

_BORN = st.sampled_from(
    [
        {},
        *(
            dict(zip(DATES, (dt.date(*day), precision), strict=True))
            for precision, *days in (
                ("day", (1980, 5, 17), (1980, 5, 18), (1981, 5, 17)),
                ("month", (1980, 5, 1), (1980, 6, 1)),
                ("year", (1980, 1, 1), (1981, 1, 1)),
            )
            for day in days
        ),
    ]
)


def arrow_row(version):
    claimed, received = version["claimed"], version["received"]
    is_future = claimed is not None and claimed > received
    updated = received if claimed is None or is_future else claimed
    said = {name: version["says"].get(name) for name in COLUMNS}
    return {
        **said,
        "id": version["id"],
        "source_system": version["source"],
        "updated_at": day(updated),
        "claimed_at": day(claimed),
        "version_number": version["number"],
        "_ingested_at": day(received),
        "_record_number": version["record"],
        "_delivery_id": version["delivery"],
        "is_end": version["is_end"],
        ARRIVED: True,
        KIND: "arrived",
    }


class Table:
    """A table and its kept versions, as a step leaves them."""

    def __init__(self):
        self.rows, self.kept, self.outcomes = {}, {}, {}

    def take(self, versions):
        stored = [row | {ARRIVED: False, KIND: KEPT} for rows in self.kept.values() for row in rows.values()]
        stored += [
            row | {ARRIVED: False, KIND: "stored", "is_end": False}
            for id_, row in self.rows.items()
            if not self.kept.get(id_)
        ]
        found = FOLD(pa.Table.from_pylist([*map(arrow_row, versions), *stored], schema=SCHEMA)).to_pylist()
        for row in found:
            place = (row["_delivery_id"], row["_record_number"])
            if row[KIND] == ROW:
                self.rows[row["id"]] = row
            elif row[KIND] == EMPTY:
                self.rows.pop(row["id"], None)
            elif row[KIND] == KEPT:
                self.kept.setdefault(row["id"], {})[place] = row
            elif row[KIND] == GONE:
                del self.kept[row["id"]][place]
            elif row[KIND] == SEEN:
                self.outcomes[place] = row[OUTCOME]

    def content(self):
        return {id_: {name: row[name] for name in COLUMNS} for id_, row in self.rows.items()}


def expected(versions):
    found = {
        id_: reference.row_of([v for v in versions if v["id"] == id_], COLUMNS, ("begin", "end"), DATES, OUTDATED)
        for id_ in {version["id"] for version in versions}
    }
    return {id_: row for id_, row in found.items() if row is not None}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(deliveries(), st.data())
def test_of_each_column_the_newest_value_given_stands_in_whatever_order_and_however_often_versions_come(made, data):
    by_delivery = {}
    for version in made:
        by_delivery.setdefault(version["delivery"], []).append(version)
    names = data.draw(st.permutations([*by_delivery, *data.draw(st.lists(st.sampled_from(sorted(by_delivery))))]))
    table = Table()
    while names:
        count = data.draw(st.integers(1, len(names)))
        taken, names = names[:count], names[count:]
        table.take([version for name in dict.fromkeys(taken) for version in by_delivery[name]])
    whole = Table()
    whole.take(made)
    assert table.content() == whole.content() == expected(made)
    assert table.rows.keys() == whole.rows.keys() and table.kept.keys() >= whole.rows.keys() & whole.kept.keys()
    for id_, row in table.rows.items():
        told = ("first_name", "first_at", "_delivery_id", "_record_number", "updated_at", "_ingested_at")
        assert [row[name] for name in told] == [whole.rows[id_][name] for name in told]


@pytest.mark.parametrize("cleared", [WHOLE, " born  born_precision "])
@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_a_date_that_its_source_took_back_does_not_return_where_another_tells_less_of_it(cleared, order):
    def version(source, at, says, cleared=None):
        told = {"id": "A", "source": source, "received": 9, "claimed": at, "number": None, "delivery": f"{source}{at}",
                "record": 1, "is_end": False, "says": says}  # fmt: skip
        return arrow_row(told) | {CLEARED: cleared}

    born = [
        dict(zip(DATES, each, strict=True)) for each in ((dt.date(1960, 5, 1), "day"), (dt.date(1960, 1, 1), "year"))
    ]
    told = [version("fhir", 1, born[0]), version("fhir", 2, {}, cleared), version("flat", 3, born[1])]
    schema, kept = SCHEMA.append(pa.field(CLEARED, pa.string())), []
    for place in order:
        found = FOLD(pa.Table.from_pylist([*kept, told[place]], schema=schema)).to_pylist()
        kept = [row | {ARRIVED: False, KIND: KEPT} for row in found if row[KIND] in (KEPT, ROW)]
        if any(row[KIND] == KEPT for row in found):
            kept = [row | {ARRIVED: False} for row in found if row[KIND] == KEPT]
    (row,) = (each for each in found if each[KIND] == ROW)
    assert (row["born"], row["born_precision"]) == (dt.date(1960, 1, 1), "year")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(deliveries())
def test_each_record_is_told_by_what_had_arrived_before_it(made):
    table = Table()
    table.take(made)
    for version in made:
        arrived = reference.arrival(version)
        before = [v for v in made if v["id"] == version["id"] and reference.arrival(v) < arrived]
        told = reference.outcome_of(version, before, COLUMNS)
        assert table.outcomes[version["delivery"], version["record"]] == told
