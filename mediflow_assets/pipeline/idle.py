"""Which tables a run cannot change, told before it begins: from row counts, and from what waits to be landed.

A table is bare where it has no rows and nothing can give it any: no source that feeds it was ever delivered, and none
waits. A masked table rests until the period closes in which it was published.
"""

from collections.abc import Collection, Iterable

from mediflow_assets.contracts import bronze, events, hl7, links, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change, gold, merged, publication, silver_tables
from mediflow_assets.storage.delta import Lake

STREAMED = tuple(source.table for source in bronze.SOURCES.values() if source.is_stream)
"""The Bronze tables that messages of a topic come to."""
_ALERTED_OF = (*STREAMED, hl7.HL7_MESSAGES)


def undelivered(lake: Lake) -> frozenset[TableContract]:
    """The Bronze tables that never had a row."""
    tables = {source.table for source in bronze.SOURCES.values()}
    return frozenset(table for table in tables if _is_empty(lake, table))


def idle(lake: Lake, empty: Collection[TableContract], key_id: str, period: str | None) -> frozenset[TableContract]:
    """The tables of Silver, Gold and masked that a run in this period cannot change which leaves these Bronze tables
    empty.

    That a run made them all by this code and these settings, and the last run succeeded, is for the caller to know.
    """
    bare = set(empty)
    found: set[TableContract] = set()
    for contract, givers in _givers():
        if bare.issuperset(givers) and _is_empty(lake, contract):
            bare.add(contract)
            found.add(contract)
    return frozenset(found.union(build.contract for build in resting(lake, key_id, period)))


def resting(lake: Lake, key_id: str, period: str | None) -> Iterable[gold.TableBuild]:
    """The masked tables that show nothing new before the period closes."""
    state = change.state_of(lake, (), key_id, gold.__name__)
    return (build for build in gold.MASKED if publication.waits(lake, period, build.contract, state))


def are_behind(lake: Lake, key_id: str, period: str | None, open_stay_days: int) -> bool:
    """Whether something has come that a resting table would show."""
    rest = resting(lake, key_id, period)
    return not all(
        change.is_unchanged(lake, build.contract, build.state(lake, key_id, open_stay_days)) for build in rest
    )


def _givers() -> Iterable[tuple[TableContract, tuple[TableContract, ...]]]:
    """Each table, after those without whose rows it has none."""
    for table in silver_tables.ALL:
        # codes that an encounter lists become conditions of their own
        listed = (silver.ENCOUNTERS,) if table is silver_tables.CONDITIONS else ()
        yield table.contract, (*(source.table for source in table.sources), *listed)
    yield links.MERGED_PATIENTS, merged.INPUTS[:1]
    yield events.STREAM_ALERTS, _ALERTED_OF
    for build in (*gold.GOLD, *gold.MASKED):
        yield build.contract, (build.rows_of,) if build.rows_of else build.inputs


def _is_empty(lake: Lake, contract: TableContract) -> bool:
    return lake.seen(contract) is not None and not lake.rows(contract) and not lake.difference(contract)
