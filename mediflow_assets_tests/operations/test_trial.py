"""How much of a long text is tried: whole records, and what is one document whole."""

import pytest

from mediflow_assets.operations.trial import end_of_records


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b'[{"a": 1}, {"a": 2', b""),
        (b' [\n{"a": 1},\n{"a"', b""),
        (b'{"records": [\n{"a": 1},\n{"a"', b""),
        (b'{"a": 1}, ', b""),
        (b'{"a": 1}\n{"a": 2}\n{"a"', b'{"a": 1}\n{"a": 2}\n'),
        (b"a,b\n1,2\n3,", b"a,b\n1,2\n"),
        (b"a,b\r1,2\r3,", b"a,b\r1,2\r"),
        (b'a,b\n1,"x\ny"\n2,"x\ny', b'a,b\n1,"x\ny"\n'),
        (b'a,b\n1,5" tall\n2,x\n3', b"a,b\n"),
        (b"a,b,c", b""),
    ],
)
def test_a_long_text_is_cut_between_records(head: bytes, kept: bytes) -> None:
    assert head[: end_of_records(head)] == kept


def test_a_stray_quote_far_above_does_not_matter() -> None:
    head = b'a,b\n1,5" tall\n' + b"2,x\n" * 100
    assert end_of_records(head) == len(head)
