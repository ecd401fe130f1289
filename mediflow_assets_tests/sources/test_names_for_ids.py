"""A column whose values look like names is never taken for the ids, unless a feed says that it is."""

import uuid

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.names_for_ids import look_like_names
from mediflow_assets_tests.sources.conftest import HEADER, read

NAMES = [
    "SMITH",
    "JOHNSON",
    "WILLIAMS",
    "BROWN",
    "JONES",
    "GARCIA",
    "MILLER",
    "DAVIS",
    "RODRIGUEZ",
    "MARTINEZ",
    "O'HARA",
    "LEE",
]


def delivery(ids):
    return HEADER + "".join(f'"{id_}",ICU,I10,2026-01-01,1\n' for id_ in ids).encode()


@pytest.mark.parametrize(
    "ids",
    [
        NAMES,
        [name.title() for name in NAMES] * 3,
        [f"{name}, ADA" for name in NAMES],
        ["Müller", "Weiß", "García", "Núñez", "Ødegaard", "Łuczak", "Şahin", "Étienne", "Þór", "Ångström"],
        [*NAMES, "UNKNOWN", "", "N/A", "NULL"],
        NAMES[:9],
        NAMES[:3] * 20,
        ["Smith", "Li", "O'Hara", "Wu"],
        ["Weiß", "Łęcka", "Ng-Ødegaard"],
    ],
)
def test_a_column_of_names_is_refused_with_what_to_do(write, ids):
    with pytest.raises(DeliveryRefused, match=r"column 1 was taken for patient_id.*sources\.toml") as refusal:
        read(write(delivery(ids)))
    assert not any(id_ in str(refusal.value) for id_ in ids if len(id_) > 3)


@pytest.mark.parametrize(
    "ids",
    [
        NAMES[:2] * 50,
        ["P1", "ABC", "TEST1"],
        ["P1", "P2", "SMITH", "JOHNSON", "LEE"],
        ["ABC", "DEF", "XYZ"],
        ["ABC", "ABCD", "ABCDE", "BCDFG"],
        ["A", "AB", "ABC"],
        [f"P{n}" for n in range(50)],
        [str(n) for n in range(50)],
        [str(uuid.UUID(int=n * 7919)) for n in range(50)],
        [a + b + "XQ" for a in "ABCDE" for b in "FGHIJ"],
        [chr(65 + n) for n in range(26)],
        [*NAMES, "A17"],
        ["NULL", "N/A", "None", "nan", "UNKNOWN", "UNBEKANNT", "TEST", "MISSING", "INCONNU", "DESCONOCIDO", "VOID"],
    ],
)
def test_ids_are_no_names(ids):
    assert not look_like_names(ids)


def test_a_feed_may_say_that_its_ids_are_words(write, tmp_path):
    (tmp_path / "sources.toml").write_text('[feeds.words.headers]\n"patient_id" = "patient_id"\n')
    assert len(read(write(delivery(NAMES)), Feeds.load(tmp_path / "sources.toml")).rows) == len(NAMES)
