"""Whose an id is: the record numbers of two authorities are never those of one."""

import itertools

import pytest

from mediflow_assets.contracts.identifiers import is_namespace, may_have_been, namespace_of_authority

OID = "2.16.840.1.113883.3.8901.200.1.100.1."
APART = [
    *(f"{OID}{n}" for n in (12, 13)),
    *(f"Klinikum der Stadt Musterhausen am See, Haus {n}" for n in (1, 2)),
    *("北京", "ΑΘΗΝΑ", "КЛИНИКА", "***", "of"),
    *("Köln", "K-ln", "Kåln"),
]


def test_no_two_authorities_share_a_namespace_nor_have_none():
    of = [namespace_of_authority(name) for name in APART]
    assert all(map(is_namespace, of))
    assert len(set(of)) == len(of)


@pytest.mark.parametrize(("name", "namespace"), [("ST MARY", "st-mary"), ("1.2.3", "of-1-2-3"), (None, ""), ("  ", "")])
def test_a_name_that_can_be_written_is_its_own_namespace(name, namespace):
    assert namespace_of_authority(name) == namespace


def test_an_authority_is_the_same_in_every_spelling_of_its_letters():
    assert len({namespace_of_authority(name) for name in ("KÖLN", "köln", "Ko\u0308ln", " Köln ")}) == 1


def test_where_a_namespace_was_cut_before_is_known():
    cut = f"of-{OID.replace('.', '-')}"[:40]
    assert may_have_been(namespace_of_authority(f"{OID}12"), cut)
    assert may_have_been(namespace_of_authority("Köln"), "k-ln")
    assert not may_have_been("k-ln", "k-ln-2") and not may_have_been(namespace_of_authority("Köln"), "mrn")
    for one, other in itertools.permutations(map(namespace_of_authority, APART), 2):
        assert other == "k-ln" or not may_have_been(one, other)
