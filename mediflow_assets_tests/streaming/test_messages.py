"""Messages: what one says, down to the last digit; and of what is none, why."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediflow_assets.streaming.rows import rows_of
from mediflow_assets.synthetic.events import DISORDERED, DUPLICATE, LATE, Shares, messages
from mediflow_assets.synthetic.poison import KINDS
from mediflow_assets.transforms.events import BROKEN, cells_of
from mediflow_assets.transforms.messages import read_message

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def test_numbers_keep_their_digits() -> None:
    assert read_message(b'{"cost": 12345678901234567890.10, "age": 1e999}').fields == {
        "cost": "12345678901234567890.10",
        "age": "1e999",
    }


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(value: bytes) -> None:
    message = read_message(value)
    assert message.broken or isinstance(message.fields, dict)
    assert rows_of("t", 0, [(1, 0, None, value)]).num_rows == 1


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.text(max_size=9), st.booleans()), max_size=6))
def test_an_object_is_read_as_it_was_written(fields: dict[str, object]) -> None:
    encoded = json.dumps(fields).encode()
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        assert read_message(encoded).broken == "not_utf8"
    else:
        assert read_message(encoded).fields == fields


def test_unknown_fields_are_kept() -> None:
    cells = cells_of(b'{"event_id": "e", "bed": 7, "event_type": "admit"}')
    assert json.loads(cells["extra"] or "") == {"bed": "7"}


def test_the_same_seed_sends_the_same_messages() -> None:
    shares = Shares(0.1, 0.1, 0.1, 0.1)
    assert list(messages(300, 4, NOW, shares)) == list(messages(300, 4, NOW, shares))


def test_the_shares_are_sent() -> None:
    sent = list(messages(4_000, 4, NOW, Shares(0.1, 0.1, 0.1, 0.1)))
    kinds = [each.kind for each in sent]
    assert len(sent) == 4_000
    for found in (*map(kinds.count, (DUPLICATE, LATE, DISORDERED)), sum(kind.startswith("bad") for kind in kinds)):
        assert 300 < found < 500
    assert {kind.removeprefix("bad: ") for kind in kinds if kind.startswith("bad")} == set(KINDS)


@pytest.mark.parametrize("shares", [Shares(), Shares(late=0.2), Shares(disorder=0.2)])
def test_events_sent_in_time_are_in_their_order(shares: Shares) -> None:
    last: dict[str, str] = {}
    late = 0
    for each in messages(2_000, 9, NOW, shares):
        told = json.loads(each.value or b"")
        late += told["occurred_at"] < last.get(told["encounter_id"], "")
        last[told["encounter_id"]] = max(told["occurred_at"], last.get(told["encounter_id"], ""))
        assert cells_of(each.value).get(BROKEN) is None
    assert (late > 0) == (shares.total > 0)
