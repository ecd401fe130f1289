"""Many words at once: what is found is what a look at each value finds."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediflow_assets.contracts.identifiers import as_delivered, canonical
from mediflow_assets.privacy.words import Words, spelled_like

TEXTS = st.lists(st.none() | st.text("aAbB-1é", max_size=6), max_size=12)
WORDS = st.sets(st.text("aAbB-1", min_size=1, max_size=3), max_size=4)


@given(TEXTS, WORDS, st.integers(0, 3))
def test_the_values_that_hold_a_word_are_those_that_a_look_at_each_finds(
    texts: list[str | None], words: set[str], skipped: int
) -> None:
    array = pa.array(texts, pa.string()).slice(skipped)
    found = Words(word.encode() for word in words).values(array).to_pylist()
    assert found == [text for text in texts[skipped:] if text and any(word.lower() in text.lower() for word in words)]


def test_a_word_does_not_go_on_in_the_next_value() -> None:
    assert Words([b"PAT-7"]).values(pa.array(["PAT-", "7", "see pat-7", None])).to_pylist() == ["see pat-7"]


def test_no_words_and_no_values_find_nothing() -> None:
    assert len(Words([]).values(pa.array(["a"]))) == 0
    assert len(Words([b"a"]).values(pa.array([], pa.string()))) == 0
    assert len(Words([b"a"]).values(pa.array([None, None], pa.string()))) == 0


@pytest.mark.parametrize(
    "delivered",
    ["pat-7", " PAT-7 ", '="PAT-7"', "'PAT-7", "told|PAT-7", "JOS\u00c9-1", "jose\u0301-1", "STRA\u00dfE-1"],
)
def test_an_id_in_another_spelling_is_among_those_looked_at(delivered: str) -> None:
    wanted = {canonical(each) for each in ("PAT-7", "José-1", "STRASSE-1")}
    others = [f"PAT-8{n}" for n in range(50)]
    found = spelled_like(pa.array([*others, delivered, None]), wanted).to_pylist()
    assert found == [delivered]


@given(st.lists(st.text(max_size=8), max_size=20), st.integers(0, 19))
def test_whoever_is_meant_by_an_id_is_among_those_looked_at(ids: list[str], chosen: int) -> None:
    wanted = {as_delivered(each) for each in ids[chosen : chosen + 1]} - {""}
    found = set(spelled_like(pa.array(ids, pa.string()), wanted).to_pylist())
    assert {each for each in ids if as_delivered(each) in wanted} <= found
