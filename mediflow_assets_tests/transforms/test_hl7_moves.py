"""Visits that are renumbered, or another patient's: every message about them is read so, whenever it was sent."""

from mediflow_assets.contracts.hl7_message import Message
from mediflow_assets.transforms.hl7.moves import Moves, moves_of
from mediflow_assets.transforms.hl7.reading import Authorities

P1, P2, P3 = ("mrn", "P1"), ("mrn", "P2"), ("mrn", "P3")


def moves(*told):
    texts = (
        f"MSH|^~\\&|A|B|C|D|2024030{n}||ADT^{event}|{n}|P|2.5\rEVN|{event}|2024030{n}\r" + "\r".join(segments)
        for n, (event, *segments) in enumerate(told, start=1)
    )
    return moves_of(reversed([Message(text) for text in texts]), Authorities("mrn"))


def pv1(number):
    return f"PV1|1|I{'|' * 17}{number}"


def test_a_visit_has_its_last_number_and_is_its_last_patients():
    found = moves(
        ("A50", "PID|1||p1", "MRG|P1||||V1", pv1("V2")),
        ("A45", "PID|1||P2", "MRG|P1||||V2", pv1("V2")),
        ("A50", "PID|1||P2", "MRG|P2||||V2", pv1("V3")),
    )
    for number in ("V1", " v1 ", "V2", "V3"):
        patient, now = found.visit(P1, None, number)
        assert (patient, now.strip()) == (P2, "V3")
    assert found.visit(P1, None, "V9") == (P1, "V9") and found.visit(P1, None, None) == (P1, None)


def test_a_visit_that_is_moved_back_is_where_it_was():
    back = moves(("A45", "PID|1||P2", "MRG|P1", pv1("V1")), ("A45", "PID|1||P1", "MRG|P2", pv1("V1")))
    assert back.visit(P2, None, "V1") == (P1, "V1")
    renumbered = moves(("A50", "PID|1||P1", "MRG|P1||||V1", pv1("V2")), ("A50", "PID|1||P1", "MRG|P1||||V2", pv1("V1")))
    assert renumbered.visit(P1, None, "V2") == (P1, "V1") == renumbered.visit(P1, None, "V1")


def test_several_visits_of_one_message_are_moved():
    found = moves(("A45", "PID|1||P2", "MRG|P1||||V1", pv1("V1"), "MRG|P3||||V3", pv1("V4")))
    assert found.visit(P1, None, "V1") == (P2, "V1") and found.visit(P3, None, "V3") == (P2, "V4")


def test_all_visits_of_an_account_are_moved_and_no_others():
    found = moves(("A44", "PID|1||P2", "MRG|P1||ACC1"))
    assert found.visit(P1, "ACC1", "V1") == (P2, "V1")
    assert found.visit(P1, "ACC2", "V2") == (P1, "V2") and found.visit(P3, "ACC1", "V3") == (P3, "V3")


def test_an_account_that_is_renumbered_or_merged_numbers_the_visits_that_have_no_number_of_their_own():
    def pid(account):
        return f"PID|1||P1{'|' * 15}{account}"

    found = moves(("A49", pid("ACC2"), "MRG|P1||ACC1"), ("A41", pid("ACC3"), "MRG|P1||ACC2"))
    assert found.visit(P1, "ACC1", "ACC1") == found.visit(P1, "ACC2", "ACC2") == (P1, "ACC3")
    assert found.visit(P1, "ACC1", "V1") == (P1, "V1"), "it has a number of its own"
    back = moves(("A49", pid("ACC2"), "MRG|P1||ACC1"), ("A49", pid("ACC1"), "MRG|P1||ACC2"))
    assert back.visit(P1, "ACC2", "ACC2") == back.visit(P1, "ACC1", "ACC1") == (P1, "ACC1")
    assert not moves(("A49", pid("ACC1"), "MRG|P1||ACC1"), ("A41", pid(""), "MRG|P1||ACC1"))


def test_nothing_told_moves_nothing():
    assert not moves(("A45", "PID|1", "MRG|P1||||V1", pv1("V1")), ("A50", "PID|1||P1", "MRG|P1", pv1("V1")))
    assert not Moves()
