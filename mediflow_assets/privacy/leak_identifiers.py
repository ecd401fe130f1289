"""What a leak scan looks for: Silver's values of the columns classed as direct identifiers.

Left to the policy of their columns, because ordinary texts are full of them: single words (given and family names,
cities), codes, dates, months, times, amounts, values under six characters, and words of unknown columns that many rows
share, and what stands in the names of departments that are shown.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.table import Column, Privacy, TableContract
from mediflow_assets.privacy.leak_search import SHORTEST, digests, folded, hits, possible, trimmed, words_of
from mediflow_assets.privacy.leak_texts import PSEUDONYM
from mediflow_assets.storage.delta import Lake

_SINGLE_WORDS = (Privacy.NAME, Privacy.GEOGRAPHY)
_ELSEWHERE = {
    ("silver/encounters", "patient_id"),
    *((table.name, name) for table in (silver.CONDITIONS, *clinical.TABLES) for name in ("patient_id", "encounter_id")),
    (clinical.CLAIM_LINES.name, "claim_id"),
}
"""Columns whose values stand in another one as well."""
_OWN_IDS = {table.primary_key[-1] for table in (silver.ENCOUNTERS, silver.CONDITIONS, *clinical.TABLES)}
_NO_SINGLE_WORD = r"[0-9@]|[^ ][ \-][^ ]"
_MOST_SHARED = 3
"""Rows. What more of them have in common in free text or an unknown column names nobody."""
_JSON_TEXT = r'"((?:[^"\\]|\\.)*)"\s*[,}\]]'
_YEAR, _MONTH = "(19|20)[0-9]{2}", "(0?[1-9]|1[0-2])"
_IN_WORDS = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = (
    rf"({_YEAR}[./-]{_MONTH}|({_MONTH}|{_IN_WORDS})[./ -]{_YEAR}"
    r"|[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}"
    r"|[0-9]{1,2}[./ -]([0-9]{1,2}|[A-Za-z]{3,9})[./ -][0-9]{4}"
    r"|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2})"
)
_TIME = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?"
_AMOUNT_OR_TIME = rf"^[+-]?[0-9]+[.,][0-9]+$|^({_DAY}([T ]{_TIME})?|{_TIME})(Z|[+-][0-9:]+)?$"
_CODES = (
    (silver.ENCOUNTERS, "diagnosis_code"),
    (silver.CONDITIONS, "code"),
    *((table, "code") for table in clinical.TABLES if "code" in table.by_name),
)
"""Columns that anybody may see, and whose texts stand in unknown columns as well: cells that a feed makes them of."""


@dataclass
class Sieve:
    """Lets through those identifiers that may stand where some words do: few of a million, which are never all held."""

    words: pl.Series
    """The digests of all words there are."""
    seed: int
    has_pseudonyms: bool = False
    """Whether an identifier looks like a pseudonym."""
    _seen: list[pl.Series] = field(default_factory=list)

    def __call__(self, texts: pl.Series) -> pl.Series:
        """Those of some identifiers."""
        each = digests(texts, self.seed)
        first = each.arg_unique()
        self._seen.append(each.gather(first))
        distinct = texts.gather(first)
        self.has_pseudonyms = self.has_pseudonyms or bool(distinct.str.contains(PSEUDONYM).any())
        return possible(distinct, self.words, self.seed)

    @property
    def count(self) -> int:
        """How many distinct ones there were."""
        return pl.concat(self._seen).n_unique() if self._seen else 0


def identifiers(lake: Lake, sieve: Callable[[pl.Series], pl.Series] = lambda texts: texts) -> pl.Series:
    """Every distinct identifier, folded, of those that the sieve lets through: column by column, so that all of them
    are never held at once."""
    plain, doubtful = [pl.Series([], dtype=pl.String)], [pl.Series([], dtype=pl.String)]
    for table, column in _looked_for(lake):
        texts = sieve(folded(_of_column(_texts(lake, table, column.name), column)))
        (doubtful if _may_be_a_code(column) else plain).append(texts.unique())
    found, others = pl.concat(plain), pl.concat(doubtful)
    if len(others):
        codes = pl.concat([_texts(lake, table, name).str.to_lowercase().unique() for table, name in _CODES])
        found = pl.concat([found, others.filter(~others.is_in(codes.implode()))])
    found = found.unique()
    if not len(found):
        return found
    shown = _departments(lake)
    few = possible(found, digests(words_of(shown), 0), 0)
    return found.filter(~found.is_in(list(hits(shown, few, is_cell=True))))


def kinds_of(lake: Lake, found: Collection[str]) -> dict[str, str]:
    """Of identifiers that were found the columns of Silver in which they stand, and of which class these are."""
    told: dict[str, list[str]] = {each: [] for each in found}
    for table, column in _looked_for(lake) if told else ():
        here = trimmed(_texts(lake, table, column.name))
        texts = _of_objects(here) if column.name == "extra" else here
        for each in texts.filter(texts.is_in(list(told))).unique():
            told[each].append(f"{table.name}.{column.name} ({column.privacy.value})")
    return {each: ", ".join(columns) or "unknown" for each, columns in told.items()}


def _departments(lake: Lake) -> pl.Series:
    """Names of departments that 11 patients or more have, which anybody may see: a clinic is called by its city, or
    by a founder, and a patient may live there, or have that name."""
    rows = pl.DataFrame(pl.from_arrow(lake.read(silver.ENCOUNTERS, ["patient_key", "department"])))
    counted = rows.drop_nulls().group_by("department").agg(pl.col("patient_key").n_unique())
    return counted.filter(pl.col("patient_key") >= K)["department"]


def _looked_for(lake: Lake) -> Iterator[tuple[TableContract, Column]]:
    for table in (*silver.VALIDATED, *silver.VERSIONS.values()):
        filled = _filled_columns(lake, table)
        for column in table.columns:
            if column.privacy.is_direct and (table.name, column.name) not in _ELSEWHERE and column.name in filled:
                yield table, column


def _filled_columns(lake: Lake, table: TableContract) -> set[str]:
    """The columns that may have a value: all but those of which the log tells of each file that it has none there."""
    opened = lake.seen(table)
    files = pa.table(opened.get_add_actions(flatten=True)) if opened else None
    if not files:
        return set()
    told = {name for name in table.column_names if f"null_count.{name}" in files.column_names}
    rows = files["num_records"]
    empty = {name for name in told if not rows.null_count and files[f"null_count.{name}"].equals(rows)}
    return {*table.column_names} - empty


def _texts(lake: Lake, table: TableContract, name: str) -> pl.Series:
    return pl.Series(pl.from_arrow(lake.read(table, [name])[name]), dtype=pl.String).drop_nulls()


def _may_be_a_code(column: Column) -> bool:
    return column.privacy is Privacy.OTHER_ID or column.name == "extra"


def _of_column(values: pl.Series, column: Column) -> pl.Series:
    if _may_be_a_code(column):
        texts = _of_objects(values) if column.name == "extra" else values
        telling = r"[0-9@]" if column.name == "extra" else _NO_SINGLE_WORD
        is_plain = texts.str.strip_chars().str.contains(_AMOUNT_OR_TIME)
        return _rare(texts.filter(texts.str.contains(telling) & ~is_plain))
    if column.name in _OWN_IDS:
        # made of patient and day or code where the source has none: the patient's own id is looked for anyway
        return values.filter(~values.str.contains(rf"^[^|]{{{SHORTEST},}}\|"))
    if column.privacy in _SINGLE_WORDS:
        return values.filter(values.str.strip_chars().str.contains(r"[ \-][^ ]"))
    return values


def _of_objects(documents: pl.Series) -> pl.Series:
    """The texts of JSON objects."""
    if not len(documents):
        return documents
    texts = documents.str.extract_all(_JSON_TEXT).explode(empty_as_null=True).drop_nulls()
    return texts.str.extract(_JSON_TEXT)


def _rare(values: pl.Series) -> pl.Series:
    counted = values.value_counts()
    return counted.filter(pl.col("count") <= _MOST_SHARED)[values.name]
