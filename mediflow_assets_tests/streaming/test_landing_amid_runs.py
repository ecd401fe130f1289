"""Messages land whenever they like, also while a run is on its way: Silver ends as if one run had validated them
all."""

import random
import zlib
from dataclasses import replace
from itertools import pairwise

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.silver import ENCOUNTERS, PATIENTS
from mediflow_assets.synthetic.events import Sent, Shares, messages
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.streaming.conftest import Stream

COUNT, PARTITIONS, RUNS = 160, 2, 6
SHARES = Shares(bad=0.05, duplicate=0.2, late=0.1, disorder=0.15)


def _send(stream: Stream, sent: list[Sent]) -> None:
    for each in sent:
        stream.send(each.value, partition=zlib.crc32(each.key) % PARTITIONS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_landing_between_the_tables_of_a_run_changes_nothing(stream: Stream, seed: int) -> None:
    sent, rng = list(messages(COUNT, seed, RECEIVED, SHARES)), random.Random(seed)
    cuts = [0, *sorted(rng.sample(range(1, COUNT), 2 * RUNS - 1)), COUNT]
    for number, (begin, end) in enumerate(pairwise(cuts)):
        _send(stream, sent[begin:end])
        stream.land()
        stream.house.make_silver((PATIENTS, ENCOUNTERS)[number % 2])
    stream.house.make_silver()
    stream.house.assert_balanced()

    whole = Stream(replace(stream.house, folder=stream.house.folder.with_name("whole")))
    _send(whole, sent)
    whole.refresh()
    for table in (silver.PATIENTS, silver.ENCOUNTERS):
        assert stream.house.rows(table) == whole.house.rows(table)
    kept = [row for row in stream.house.rows(silver.QUARANTINE) if row["status"] != "replayed"]
    assert kept == whole.house.rows(silver.QUARANTINE)
