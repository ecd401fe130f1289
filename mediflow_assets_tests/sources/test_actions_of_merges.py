"""What was done to two patients is read under every usual header, and never kept unread: an undoing would merge."""

import pytest

from mediflow_assets.errors import DeliveryRefused

HEADER = "surviving_patient_id,merged_patient_id,"


def merges(header, *actions):
    return (HEADER + header + "\n" + "".join(f"P{n},Q{n},{action}\n" for n, action in enumerate(actions))).encode()


@pytest.mark.parametrize(
    "header", ["Event", "Event Code", "Message Type", "Trigger Event", "MSH-9", "EVN-1", "Operation"]
)
def test_usual_headers_say_what_was_done(deliver, header):
    assert deliver(merges(header, "A40", "A37")).cells("action") == ["A40", "A37"]


@pytest.mark.parametrize("action", ["A37", "ADT^A37", "ADT^A40^ADT_A39", "a34", "Un-Merge", "merged"])
def test_actions_under_an_unknown_header_are_refused(deliver, action):
    with pytest.raises(DeliveryRefused, match=r"column 3 .* Rename it to action"):
        deliver(merges("Done", "", action))


@pytest.mark.parametrize(("header", "value"), [("Note", "merged by the registry"), ("Done,action", "A40,merge")])
def test_other_unknown_columns_are_kept(deliver, header, value):
    assert deliver(merges(header, value)).counted == 1
