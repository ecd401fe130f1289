"""Whatever is merged and undone in whatever order: Gold ends as if each record had come under who survives."""

import random
from dataclasses import replace

import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.pipeline import gold as gold_steps
from mediflow_assets_tests.pipeline.test_merge_graph import reference, stated

WORLDS, PATIENTS = 60, 5
"""Small hospitals beside each other in one lake: nobody of one is ever merged with somebody of another."""


def world(number):
    """Statements of the patients of one world, oldest first; one of the patients never arrives."""
    rng = random.Random(number)
    ids = [("mrn", f"W{number:03}P{place}") for place in range(PATIENTS)]
    told = [(*rng.sample(ids, 2), rng.choice(["merge", "merge", "unmerge"])) for _ in range(rng.randrange(8))]
    return stated(*told), frozenset(ids[1:]), rng


def deliveries(worlds):
    """The statements of all worlds as records of merges, in two files and no order."""
    rows = [
        {
            "surviving_patient_id": each.survivor[1],
            "merged_patient_id": each.merged[1],
            "merged_at": f"2024-03-{each.order[0] + 1:02}",
            "action": each.kind,
        }
        for statements, _, _ in worlds
        for each in statements
    ]
    random.Random(1).shuffle(rows)
    return rows[::2], rows[1::2]


def stays_of(worlds, admissions, under):
    """Every known patient with two stays, under the ids that `under` gives."""
    rows = []
    for statements, known, rng in worlds:
        survivors = under(statements, known)
        for _, id_ in sorted(known):
            _, counts_as = survivors.get(("mrn", id_), ("mrn", id_))
            for visit, day in enumerate(rng.sample(range(1, 29), 2)):
                stay = {"admission_date": f"2024-02-{day:02}", "discharge_date": f"2024-02-{day:02}"}
                rows.append({"patient_id": counts_as, "encounter_id": f"{id_}E{visit}"} | stay)
    return admissions(*rows)


def features(house):
    """The table, made of what has arrived."""
    house.make_silver()
    assert not gold_steps.make(house.context, gold_steps.GOLD[0]).has_failed
    return house.rows(gold.ADMISSION_FEATURES)


@pytest.mark.slow
def test_gold_is_as_if_each_record_had_come_under_who_survives(house, admissions, merges):
    worlds = [world(number) for number in range(WORLDS)]
    assert sum(len(reference(statements, known)) for statements, known, _ in worlds) > WORLDS / 2
    plain = replace(house, folder=house.folder.with_name("plain"))
    plain.deliver(stays_of([world(number) for number in range(WORLDS)], admissions, reference))
    house.deliver(stays_of(worlds, admissions, lambda *_: {}))
    for rows in deliveries(worlds):
        house.deliver(merges(*rows))
    assert features(house) == features(plain)
