"""The search of bytes: texts in every form that Parquet keeps them in, and files that go while it is at work."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediflow_assets.privacy import byte_search
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search

NAME = "PAT-7000001"
FORMS = {
    "string": pa.string(),
    "large string": pa.large_string(),
    "string view": pa.string_view(),
    "binary": pa.binary(),
    "large binary": pa.large_binary(),
    "binary view": pa.binary_view(),
    "list": pa.list_(pa.string()),
    "list of views": pa.list_(pa.string_view()),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_name_is_found_whatever_type_its_column_has(tmp_path, form):
    is_bytes, is_list = "binary" in str(form), pa.types.is_list(form)
    texts = [f"see {NAME}", *(f"plain {n}" for n in range(50))]
    values = [text.encode() if is_bytes else [text] if is_list else text for text in texts]
    pq.write_table(pa.table({"c": pa.array(values, form)}), tmp_path / "t.parquet", compression="zstd")
    assert search(files_of(tmp_path), Identifiers([NAME])).total >= 1


def test_files_and_folders_that_go_meanwhile_are_passed_over(tmp_path):
    for name in ("a/one", "b/two", "c/three"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(NAME)
    walked = files_of(tmp_path)
    assert next(walked).name == "one"
    (tmp_path / "b/two").unlink()
    (tmp_path / "b").rmdir()
    assert [path.name for path in walked] == ["three"]


def test_a_folder_that_cannot_be_read_is_no_clean_folder(tmp_path, monkeypatch):
    def refused(path, *_, **__):
        raise PermissionError(13, "refused", path)

    monkeypatch.setattr(byte_search.os, "scandir", refused)
    with pytest.raises(PermissionError):
        list(files_of(tmp_path))


def test_a_bound_that_was_cut_and_raised_names_nobody(tmp_path):
    """The bound of 64 bytes of a text about PAT-7000002 ends in PAT-7000003."""
    from deltalake import write_deltalake

    text = "x" * 52 + " PAT-7000002 and more"
    write_deltalake(tmp_path / "t", pa.table({"note": [text]}))
    (file,) = (tmp_path / "t").glob("*.parquet")
    assert b"PAT-7000003" in file.read_bytes()
    assert search([file], Identifiers(["PAT-7000003"])).total == 0
    assert search([file], Identifiers(["PAT-7000002"])).total > 0


def test_the_code_that_follows_in_compressed_values_is_no_digit_of_an_id(tmp_path):
    """Snappy writes ENC-900024, then the code 2 for a copy of what stood before."""
    text = '{"patient_id":"PAT-7000004","encounter_id":"ENC-900024","encounter_class":"inpatient"}'
    table = pa.table({"payload": [text]})
    pq.write_table(table, tmp_path / "t.parquet", compression="snappy", use_dictionary=False, write_statistics=False,
                   store_schema=False)  # fmt: skip
    assert b"ENC-9000242" in (tmp_path / "t.parquet").read_bytes()
    assert search(files_of(tmp_path), Identifiers(["ENC-9000242"])).total == 0
    assert search(files_of(tmp_path), Identifiers(["ENC-900024"])).total == 1


@pytest.mark.parametrize("compression", ["snappy", "none"])
def test_a_name_beside_the_values_of_a_file_is_found(tmp_path, compression):
    table = pa.table({"c": ["plain"]}).replace_schema_metadata({"told": f"see {NAME}"})
    pq.write_table(table, tmp_path / "t.parquet", compression=compression)
    assert search(files_of(tmp_path), Identifiers([NAME])).total >= 1


@pytest.mark.parametrize(("stands", "hits"), [("MÜLLER01", 1), ("müller01", 1), ("MÖLLER01", 0), ("ÜÖ", 0)])
def test_letters_that_are_not_ascii_are_told_apart(tmp_path, stands, hits):
    pq.write_table(pa.table({"c": [f"see {stands}", "plain"]}), tmp_path / "t.parquet", compression="zstd",
                   write_statistics=False)  # fmt: skip
    (tmp_path / "t.txt").write_text(f"see {stands}.")
    assert search([tmp_path / "t.parquet"], Identifiers(["MÜLLER01"])).total == hits
    assert search([tmp_path / "t.txt"], Identifiers(["MÜLLER01"])).total == hits
