"""The words that are accepted in each coded column, and what each stands for."""

from collections.abc import Mapping

from documents.markdown import code, page, table
from mediflow_assets.contracts.words import NOT_KNOWN, Words

_SOURCE = "`mediflow_assets/contracts/words.py`"
_HEAD = """What a hospital writes in these columns, and what Silver makes of it. Words are compared by letters and
digits alone: case, accents, blanks and the marks `- _ / . , ' ( )` do not count. The lists are those of NUBC / UB-04,
HL7 v2 (tables 0001, 0004, 0007, 0112), HL7 v3, FHIR and OMOP, and words of exports in five languages.

A record with another word is quarantined, and counted: `mediflow vocabulary unmapped` lists such words, `mediflow
vocabulary map` says what one means. Codes that houses use differently (`1` and `2` for genders) are not accepted
without that."""


def words_page(vocabularies: Mapping[str, Words]) -> str:
    """A table for each column."""
    parts = []
    for column, words in vocabularies.items():
        rows = [(code(ours), ", ".join(code(word) for word in theirs)) for ours, theirs in words.items()]
        if column in NOT_KNOWN:
            rows.append(("not known", ", ".join(map(code, NOT_KNOWN[column]))))
        parts += [f"## {code(column)}", table(("stands for", "words"), rows)]
    return page(_SOURCE, "Accepted words", _HEAD, *parts)
