"""Whom the marks of erased patients refuse."""

from mediflow_assets.contracts.identifiers import namespace_of_authority
from mediflow_assets.ingest.tombstones import Tombstones


def test_who_was_erased_while_namespaces_were_cut_stays_refused(tmp_path):
    marks = Tombstones.add(tmp_path, [("k-ln", "77"), ("of-2-16-840-1-113883-3-8901-200-1-100-1-", "78")], "e1")
    assert marks.refuses("77", namespace_of_authority("Köln"))
    assert marks.refuses("78", namespace_of_authority("2.16.840.1.113883.3.8901.200.1.100.1.12"))
    assert not marks.refuses("77", namespace_of_authority("Kassel")) and not marks.refuses("77", "mrn")
