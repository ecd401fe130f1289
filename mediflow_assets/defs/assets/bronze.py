"""Bronze assets: one subsettable multi-asset lands every delivery of the inbox, whatever part of it is selected."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg

from mediflow_assets.contracts import bronze, erasure
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.run_tags import LEFT_OUT
from mediflow_assets.defs.specs import spec_of
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ingest.bucket_inbox import fetch
from mediflow_assets.ingest.inbox import Delivery
from mediflow_assets.ingest.landing import land_all
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline.damage import naming_damage

LANDED = (*bronze.TABLES, erasure.ERASED)


def _specs() -> list[dg.AssetSpec]:
    return [spec_of(table).replace_attributes(skippable=True) for table in LANDED]


@dg.multi_asset(specs=_specs(), can_subset=True, name="landing")
def landing(context: dg.AssetExecutionContext, lakehouse: LakehouseResource) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Files of the inbox become rows of Bronze; the ledger tells which."""
    inbox, lake = lakehouse.inbox, lakehouse.context.lake
    refusals: list[str] = []

    def on_refused(delivery: Delivery, refusal: DeliveryRefused) -> None:
        refusals.append(f"{delivery.short}: {refusal}")
        context.log.warning(f"{delivery.short}: refused: {refusal}")

    # Dagster keeps the text of what a step raises: a file's name or a row's value may stand in it
    with naming_damage(lake, "landing", LANDED):
        _, refused = inbox.take_in()
        if lakehouse.settings.inbox_uri:
            refused += fetch(lakehouse.settings.inbox_uri, inbox)
        with lakehouse.engine_started_beside(is_wanted=bool(inbox.waiting())):
            tombstones, left_out = Tombstones.load(lakehouse.settings.root), context.run.tags.get(LEFT_OUT, "")
            landed = land_all(lake, inbox, tombstones, on_refused, left_out.split(","))
    rows: Counter[str] = Counter()
    for each in landed:
        rows[bronze.SOURCES[each.delivery.source].table.name] += each.bronze
        rows[bronze.REJECTS.name] += each.rejects
        rows[bronze.DELIVERIES.name] += 1
        context.log.info(
            f"{each.delivery.short}: {each.records} records, {each.rejects} rejects, {each.refused} refused"
        )
    for table in LANDED:
        if dg.AssetKey(list(table.key)) in context.selected_asset_keys:
            metadata: dict[str, Any] = {
                "dagster/row_count": lake.rows(table),
                "version": lake.version(table),
                "new_rows": rows[table.name],
            }
            if table is bronze.DELIVERIES:
                metadata["refused_files"] = refused + len(refusals)
                metadata["refused_deliveries"] = refusals
                metadata["not_at_rest"] = len(inbox.dropped())
            if table is erasure.ERASED:
                metadata["refused_records"] = sum(each.refused for each in landed)
            yield dg.MaterializeResult(asset_key=list(table.key), metadata=metadata)
