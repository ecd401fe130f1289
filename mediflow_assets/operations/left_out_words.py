"""Words that `sources.toml` maps to nothing: their records come in without a value, and are counted here."""

from collections.abc import Iterator, Mapping

import polars as pl
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.operations.unknown_words import UnknownWord, in_order
from mediflow_assets.sources import Feed, Feeds
from mediflow_assets.storage.delta import Lake

OTHERS = "*"


def left_out(lake: Lake, feeds: Feeds) -> list[UnknownWord]:
    """The words that a feed of the lake maps to nothing, those of most records first."""
    delivered = set(lake.read(bronze.DELIVERIES, ["feed"])["feed"].to_pylist())
    return in_order(
        word
        for feed in feeds.every
        if feed.name in delivered
        for column, values in feed.values.items()
        if "" in values.values()
        for word in _of_column(lake, feed, column, values)
    )


def _of_column(lake: Lake, feed: Feed, column: str, values: Mapping[str, str]) -> Iterator[UnknownWord]:
    is_of = (pc.field("_feed") == feed.name) & pc.field(column).is_valid()
    table = bronze.SOURCES[feed.form.source].table
    rows = pl.DataFrame(pl.from_arrow(lake.read(table, ["_delivery_id", column], is_of)))
    word = pl.col(column).str.strip_chars().alias("word")
    counts = rows.group_by(word).agg(pl.len(), pl.col("_delivery_id").n_unique().alias("deliveries"))
    by_case = len({code.upper() for code in values}) < len(values)
    meant = dict(values) if by_case else {code.upper(): ours for code, ours in values.items()}
    for text, records, deliveries in counts.rows():
        named = text if by_case else text.upper()
        is_given = text and (named in meant or text.upper() not in NOT_GIVEN)
        if is_given and meant.get(named, meant.get(OTHERS)) == "":
            yield UnknownWord(feed.name, column, text, records, deliveries, is_left_out=True)
