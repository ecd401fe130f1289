"""Versions → rows: of each column the newest value given, in whatever order the versions arrive.

Arrow in, Arrow out, all versions of a key in one table: windows that carry the last value given took the embedded
engine thirty times as long. Among versions of one source what the source claims decides; among sources, when a version
came to be (a claim that lies after its arrival counts as of the arrival).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.versions import ORDER, OUTCOMES
from mediflow_assets.transforms.arrow_keys import Flags, Ints, codes_of, flags_of, in_order, order_of, starts_of, taken
from mediflow_assets.transforms.claims import AHEAD, CLAIMED, SOURCE, TELLS, with_claims
from mediflow_assets.transforms.clearing import are_whole, not_taken_back, with_cleared
from mediflow_assets.transforms.contradictions import outdate, settle, undo
from mediflow_assets.transforms.date_parts import PRECISIONS, DateParts
from mediflow_assets.transforms.each_version import ARRIVED, KIND, LINES, each_once

OUTCOME = "_outcome"
ROW, EMPTY, KEPT, GONE, SEEN = "row", "empty", "kept", "gone", "seen"
"""A row of the table; a key that has none (any more); a version to keep, and one kept so far that is not needed;
an arrived record and what it was to the table. Of what comes in, `kept` versions are told from single rows.
`_lines` tells of how many records a version is the sum."""
NEW, NEWER, OLDER, SAME, CONFLICTING, ENDED = OUTCOMES
_PLACE = ("_delivery_id", "_record_number", "_ingested_at")
_RANK = (ORDER[0], AHEAD, *ORDER[2:])


@dataclass(frozen=True)
class Fold:
    """How versions of one key make up its row."""

    key: tuple[str, ...]
    given: tuple[str, ...]
    """The columns that versions may give."""
    is_whole: bool = False
    """Whether the newest version says all, and what it does not give is not known any more."""
    oldest: tuple[str, str, str] | None = None
    """A column whose oldest value given counts as well, and the columns for it and its time."""
    ranked: tuple[str, tuple[str, ...]] | None = None
    """A column of ranks, and those of which only versions of the least rank tell; without a rank it is the first."""
    dates: tuple[tuple[str, str], ...] = ()
    """Columns of dates, and of how much each tells. A newer one that tells less takes the place of no older one that
    agrees with it."""
    begin_and_end: tuple[str, str] | None = None
    """Two columns of which the second is not less; where two versions contradict, what the older one says gives way."""
    undoing: tuple[str, str, str, tuple[str, ...]] | None = None
    """A column, a value and a source whose version with that value takes back what older ones tell in some columns."""
    outdated: tuple[str, str, str] | None = None
    """A column, a value and another column: what gives the other one later without the first takes that value back."""

    def __call__(self, versions: pa.Table) -> pa.Table:
        """The rows, the versions to keep and to forget, and what each arrived record was, told apart by `_kind`.

        `_arrived` tells a record from what is stored, of which `_kind` says if it stands among the kept versions.
        """
        if LINES not in versions.column_names:
            versions = versions.append_column(LINES, pa.nulls(versions.num_rows, pa.int64()))
        versions = each_once(versions, self.key)
        parts = _Versions(versions, self).parts() if versions.num_rows else []
        schema = pa.schema([*(f for f in versions.schema if f.name not in (KIND, OUTCOME, LINES)), *_TOLD])
        tables = [part.select([n for n in part.column_names if n in schema.names]) for part in parts]
        joined = pa.concat_tables([schema.empty_table(), *tables], promote_options="permissive")
        return joined.select(schema.names).cast(schema)


_TOLD = (pa.field(KIND, pa.string()), pa.field(OUTCOME, pa.string()))


class _Versions:
    """Versions in the order of their keys, sources and claims."""

    def __init__(self, versions: pa.Table, fold: Fold) -> None:
        self.fold = fold
        self.rows = rows = in_order(with_claims(versions), (*fold.key, *SOURCE, CLAIMED, *ORDER[2:]))
        self.size = rows.num_rows
        names = (*fold.given, *fold.key, *SOURCE)
        codes = {name: codes_of(rows[name]) for name in names}
        is_whole = are_whole(rows)
        self.leaves_out = {name: is_whole & (codes[name] < 0) for name in fold.given} if is_whole.any() else {}
        self.codes = with_cleared(codes, rows, fold.given)
        self.key_at = starts_of([self.codes[name] for name in fold.key])
        source_at = starts_of([self.codes[name] for name in (*fold.key, *SOURCE)])
        self.source_at, self.first_source = source_at, np.searchsorted(source_at, self.key_at)
        self.key_of = np.repeat(np.arange(len(self.key_at)), np.diff([*self.key_at, self.size]))
        self.is_end = flags_of(rows["is_end"])
        self.kept = self.is_end.copy()
        self.tells_time = flags_of(pc.equal(rows[TELLS], "time"))
        self.received = rows["_ingested_at"].cast(pa.int64()).to_numpy()
        self.by_arrival, self.rank_on_arrival = self._ranked(rows)
        at = rows.schema.get_field_index(_RANK[0])
        self.by_rank, self.rank = self._ranked(rows.set_column(at, _RANK[0], self._settled(rows[_RANK[0]])))

    def _ranked(self, rows: pa.Table) -> tuple[Ints, Ints]:
        order = order_of(rows, (*self.fold.key, *_RANK))
        rank = np.empty(self.size, np.int64)
        rank[order] = np.arange(self.size)
        return order, rank

    def _settled(self, times: pa.ChunkedArray) -> pa.Array:
        """The times of versions. One that tells none is older than what its source ended later than it came, and than
        the newest of its source that tells one, where that has the higher number."""
        found = times.cast(pa.int64()).to_numpy().copy()
        sources = starts_of([self.codes[name] for name in (*self.fold.key, SOURCE[0])])
        ends = np.append(sources[1:], self.size)  # in each source those that tell a time come last
        last = np.repeat(ends - 1, ends - sources)
        number = self.rows["version_number"].fill_null(-1).to_numpy()
        is_less = ~self.tells_time & self.tells_time[last] & (number >= 0) & (number < number[last])
        found = np.where(is_less, np.minimum(found, found[last] - 1), found)
        for end in np.flatnonzero(self.is_end & self.tells_time):
            source = np.searchsorted(sources, end, "right")
            mine = slice(sources[source - 1], sources[source] if source < len(sources) else self.size)
            is_ended = ~self.tells_time[mine] & (self.received[mine] < self.received[end])
            found[mine] = np.where(is_ended, np.minimum(found[mine], found[end] - 1), found[mine])
        return pa.array(found).cast(times.type)

    def parts(self) -> Iterable[pa.Table]:
        """What `Fold` tells, part by part."""
        newest = self._newest(np.ones(self.size, np.bool_))
        given = self._given()
        of_column = {
            name: newest if self.fold.is_whole else self._newest(given[name], self.leaves_out.get(name))
            for name in self.fold.given
        }
        for date, precision in self.fold.dates:
            of_column[date] = of_column[precision] = self._told_best(date, precision, of_column[date])
        if self.fold.undoing:
            undo(self.rows, self.rank, of_column, *self.fold.undoing)
        if self.fold.begin_and_end:
            settle(self.rows, self.rank, of_column, self.fold.begin_and_end)
        if self.fold.outdated:
            outdate(self.rows, self.rank, of_column, *self.fold.outdated)
        columns = {name: taken(self.rows[name], at) for name, at in of_column.items()} | self._oldest()
        has_content = ~self.is_end[newest] if self.fold.is_whole else self._any(~self.is_end)
        latest = np.maximum.reduceat(np.where(self.kept, self.received, np.iinfo(np.int64).min), self.key_at)
        columns["_ingested_at"] = pa.array(latest).cast(self.rows["_ingested_at"].type)
        made = self.rows.take(pa.array(newest))
        for name, column in columns.items():
            made = made.set_column(made.schema.get_field_index(name), name, column)
        yield _told(made, np.where(has_content, ROW, EMPTY))
        several = (np.add.reduceat(self.kept, self.key_at) > 1) | self._any(self.is_end & self.kept)
        is_kept = self.kept & several[self.key_of]
        is_known = np.array(pc.equal(self.rows[KIND], KEPT).fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
        yield _told(self.rows.filter(pa.array(is_kept)), KEPT)
        yield _told(self.rows.filter(pa.array(is_known & ~is_kept)), GONE)
        yield self._seen()

    def _given(self) -> dict[str, Flags]:
        """Of each column the versions that tell it."""
        found = {name: self.codes[name] >= 0 for name in self.fold.given}
        if self.fold.ranked:
            column, names = self.fold.ranked
            rank, tells = self.rows[column].fill_null(1).to_numpy(), found[names[0]]
            least = np.minimum.reduceat(np.where(tells, rank, np.iinfo(rank.dtype).max), self.key_at)
            found |= {name: found[name] & (rank == least[self.key_of]) for name in names}
            found[column] = found[names[0]]
        return found

    def _newest(self, given: Flags, leaves_out: Flags | None = None) -> Ints:
        """For each key the version that counts, -1 where none is given; those that count in their source are kept. What
        is left out says nothing beyond its source."""
        of_source = np.maximum.reduceat(np.where(given, np.arange(self.size), -1), self.source_at)
        found = of_source >= 0
        self.kept[of_source[found]] = True
        if leaves_out is not None:
            found = found & ~leaves_out[of_source]
        ranks = np.where(found, self.rank[of_source], -1)
        best = np.maximum.reduceat(ranks, self.first_source)
        return np.where(best >= 0, self.by_rank[best], -1)

    def _told_best(self, date: str, precision: str, at: Ints) -> Ints:
        """Of dates the newest, unless the newest of those that tell more, and still stand, agrees with it."""
        dates = DateParts(self.rows[date], self.rows[precision])
        stand, none = not_taken_back((self.codes[date] >= 0) & (dates.told == 0), self.source_at)
        self.kept[none] = True
        for least in range(2, len(PRECISIONS) + 1):
            finer = self._newest(stand & (dates.told >= least))
            at = np.where(dates.is_told_by(at, finer), finer, at)
        return at

    def _any(self, flags: Flags) -> Flags:
        return np.logical_or.reduceat(flags, self.key_at)

    def _oldest(self) -> dict[str, pa.Array]:
        if self.fold.oldest is None:
            return {}
        name, column, time = self.fold.oldest
        order = order_of(self.rows, (*self.fold.key, "updated_at", name))
        given = (self._given()[name] & flags_of(pc.is_valid(self.rows[name])))[order]
        place = np.minimum.reduceat(np.where(given, np.arange(self.size), self.size), self.key_at)
        found = np.where(place < self.size, order[np.minimum(place, self.size - 1)], -1)
        self.kept[found[found >= 0]] = True
        return {column: taken(self.rows[name], found), time: taken(self.rows["updated_at"], found)}

    def _newest_before(self, order: Ints, given: Flags) -> Ints:
        """The newest of those given that came before each version, in the order of arrival; -1 where none did."""
        ranks = np.maximum.accumulate(np.where(given, self.rank_on_arrival, -1)[order])
        before = np.append(-1, ranks[:-1])
        found = np.empty(self.size, np.int64)
        found[order] = np.where(before >= self.key_at[self.key_of], self.by_arrival[before], -1)
        return found

    def _seen(self) -> pa.Table:
        """What each arrived record was to the table as it found it, in the order of arrival."""
        order = order_of(self.rows, (*self.fold.key, "_ingested_at", "_delivery_id", "_record_number"))
        rank, all_ = self.rank_on_arrival, np.ones(self.size, np.bool_)
        before = self._newest_before(order, all_)
        has_before, before = before >= 0, np.maximum(before, 0)
        times = starts_of([codes_of(self.rows[name])[self.by_arrival] for name in _RANK[:3]])
        time = np.searchsorted(times, rank, "right")
        says_more, conflicts = ~all_, ~all_
        for name in self.fold.given:
            mine = self.codes[name]
            says_more |= (mine != mine[before]) & ((mine >= 0) | self.fold.is_whole)
            is_told = all_ if self.fold.is_whole else mine >= 0
            known = self._newest_before(order, is_told)
            conflicts |= is_told & (known >= 0) & (mine != mine[known]) & (time == time[known])
        ends = self.is_end | _is_cancelled(self.rows)
        source = self.codes[SOURCE[0]]
        ends_it = self.is_end & ~self.tells_time[before] & (source == source[before])
        is_older = (rank < rank[before]) & ~ends_it
        same = ~says_more & (self.is_end == self.is_end[before])
        outcome = np.select(
            [~has_before & ends, ~has_before, same, conflicts, is_older, ends],
            [ENDED, NEW, SAME, CONFLICTING, OLDER, ENDED],
            NEWER,
        )
        seen = self.rows.select(_PLACE).append_column(OUTCOME, pa.array(outcome.tolist(), pa.string()))
        times_seen = self.rows[LINES].fill_null(1).to_numpy() * flags_of(self.rows[ARRIVED])
        return _told(seen.take(pa.array(np.repeat(np.arange(self.size), times_seen))), SEEN)


def _told(table: pa.Table, kind: Any) -> pa.Table:
    kinds = pa.array(kind.tolist() if isinstance(kind, np.ndarray) else [kind] * table.num_rows, pa.string())
    return (table.drop_columns([KIND]) if KIND in table.column_names else table).append_column(KIND, kinds)


def _is_cancelled(rows: pa.Table) -> Flags:
    if "status" not in rows.column_names:
        return np.zeros(rows.num_rows, np.bool_)
    return flags_of(pc.equal(rows["status"], "cancelled"))
