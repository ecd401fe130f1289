"""Merges of patients: chains, circles, undoing, and that the order in which statements arrive decides nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediflow_assets.contracts.merges import MERGING, WHOLE
from mediflow_assets.pipeline.merge_graph import Effect, Statement, effects, links, survivors

A, B, C, D, E = EVERYBODY = [("mrn", name) for name in "ABCDE"]
KNOWN = frozenset(EVERYBODY)


def stated(*told, source="merges"):
    """Statements of (merged, survivor, kind), each later than the one before."""
    return [
        Statement(survivor, merged, kind, (place,), ("d", place), source)
        for place, (merged, survivor, kind) in enumerate(told)
    ]


def merged(*pairs):
    return stated(*((one, other, "merge") for one, other in pairs))


def people(statements, known=KNOWN):
    return survivors(links(statements, known))


def test_a_chain_of_merges_ends_at_its_last_patient():
    assert people(merged((A, B), (B, C))) == {A: C, B: C}


def test_of_two_patients_merged_into_each_other_the_latest_survivor_stays():
    assert people(merged((A, B), (B, A))) == {B: A}


def test_a_circle_is_one_person_under_the_survivor_of_its_latest_statement():
    assert people(merged((A, B), (B, C), (C, A), (D, B))) == {B: A, C: A, D: A}


def test_a_circle_whose_latest_statement_is_undone_is_a_chain():
    undone = stated((A, B, "merge"), (B, C, "merge"), (C, A, "merge"), (C, A, "unmerge"))
    assert people(undone) == {A: C, B: C}


def test_a_patient_merged_twice_counts_under_the_later_survivor_and_undone_under_the_earlier():
    assert people(merged((A, B), (A, C))) == {A: C}
    assert people(stated((A, B, "merge"), (A, C, "merge"), (A, C, "unmerge"))) == {A: B}


def test_an_undoing_that_names_the_two_the_other_way_round_undoes():
    assert people(stated((A, B, "merge"), (B, A, "unmerge"))) == {}


def test_a_merge_of_an_unknown_patient_waits_and_an_earlier_one_holds_so_long():
    statements = merged((A, B), (A, C))
    assert people(statements, {A, B}) == {A: B}
    assert effects(statements, {A, B})[statements[1]] is Effect.WAITING
    assert people(statements) == {A: C}


def test_who_is_kept_apart_is_not_merged():
    assert people(stated((A, B, "seealso"), (A, C, "refer"))) == {}


def test_a_newer_version_that_tells_all_links_withdraws_those_it_does_not_name():
    first = Statement(B, A, "replaced-by", (0,), ("d", 0), "fhir")
    newer = Statement(A, A, WHOLE, (1,), ("d", 1), "fhir")
    assert people([newer, first, replace(first, kind=WHOLE, survivor=A)]) == {}
    assert people([first, replace(newer, source="another")]) == {A: B}


@pytest.mark.parametrize(("times", "tell_time"), [((2, 1), True), ((1, 1), True), ((1, 2), False)])
def test_of_versions_that_tell_all_links_the_later_counts_or_where_no_time_tells_the_higher_number(times, tell_time):
    apart = Statement(A, A, WHOLE, (times[0], 1), ("d", 1), "fhir", 2, tell_time)
    both = Statement(A, A, WHOLE, (times[1], 2), ("d", 2), "fhir", 1, tell_time)
    assert people([apart, both, replace(both, survivor=B, kind="replaced-by")]) == {}


def test_each_statement_says_what_it_does():
    statements = stated((A, B, "merge"), (A, C, "merge"), (C, D, "merge"), (C, D, "unmerge"), (A, E, "seealso"))
    told = [Effect.OVERRULED, Effect.IN_FORCE, Effect.UNDONE, Effect.UNDOING, Effect.APART]
    assert list(effects(statements, KNOWN).values()) == told
    circle = merged((A, B), (B, A))
    assert list(effects(circle, KNOWN).values()) == [Effect.CYCLE, Effect.IN_FORCE]


# --- against a plain reading of the rules, which shares no code with what is tested


def reference(statements, known):
    """Asks of each patient by itself: whom did the latest merge name that nothing undid, and so on."""
    told = sorted(statements, key=lambda each: each.order)

    def stands(place):
        mine = told[place]
        later = [each for each in told[place + 1 :] if {each.merged, each.survivor} == {mine.merged, mine.survivor}]
        return mine.kind == "merge" and not any(each.kind == "unmerge" for each in later)

    def link(person):
        mine = [i for i, each in enumerate(told) if each.merged == person and each.survivor in known and stands(i)]
        return mine[-1] if mine and person in known else None

    def survivor(person):
        way = []
        while (place := link(person)) is not None and place not in way:
            way.append(place)
            person = told[place].survivor
        # back at a place: the circle begins there
        return person if place is None else told[max(way[way.index(place) :])].survivor

    return {each: survivor(each) for each in known if survivor(each) != each}


PAIRS = st.tuples(st.sampled_from(EVERYBODY), st.sampled_from(EVERYBODY)).filter(lambda pair: pair[0] != pair[1])
STATEMENTS = st.lists(st.tuples(PAIRS, st.sampled_from(["merge", "merge", "unmerge"])), max_size=12).map(
    lambda told: stated(*((*pair, kind) for pair, kind in told))
)


@given(STATEMENTS, st.sets(st.sampled_from(EVERYBODY)), st.randoms())
def test_any_sequence_in_any_order_ends_as_the_rules_say(statements, known, random):
    expected = reference(statements, known)
    random.shuffle(statements)
    assert people(statements, known) == expected


@given(STATEMENTS, PAIRS)
def test_an_undone_merge_leaves_everybody_as_if_it_had_never_been(statements, pair):
    others = [each for each in statements if {each.merged, each.survivor} != set(pair)]
    last = len(statements)
    merge = Statement(pair[1], pair[0], "merge", (last,), ("d", last))
    undone = replace(merge, kind="unmerge", order=(last + 1,), record=("d", last + 1))
    assert people([*others, merge, undone]) == people(others)


@given(STATEMENTS)
def test_nobody_who_survives_is_merged(statements):
    assert all(each.kind in (*MERGING, "unmerge") for each in statements)
    found = people(statements)
    assert not set(found) & set(found.values())
