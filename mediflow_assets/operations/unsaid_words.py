"""Words of FHIR that no vocabulary has and that hold nothing back: they say nothing, and are counted here."""

from collections import defaultdict

import pyarrow.compute as pc

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.operations.left_out_words import OTHERS
from mediflow_assets.operations.unknown_words import UnknownWord, in_order
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake


def unsaid(lake: Lake, feeds: Feeds) -> list[UnknownWord]:
    """The words of Encounters that no vocabulary and no mapping has, those of most records first."""
    from mediflow_assets.transforms.fhir.encounter import unknown_words
    from mediflow_assets.transforms.fhir.releases import encounter_as_r4
    from mediflow_assets.transforms.fhir.resources import decoded

    mapped = {column: {word.upper() for word in words} for column, words in feeds.values_of(fhir.SOURCE.system).items()}
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    if (table := lake.open(fhir.FHIR_RESOURCES)) is None:
        return []
    batches = lake.dataset(fhir.FHIR_RESOURCES, table).to_batches(
        columns=["_delivery_id", "resource"], filter=pc.field("resource_type") == "Encounter"
    )
    for batch in batches:
        for delivery, resource in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for column, word in unknown_words(encounter_as_r4(decoded(resource))).items():
                if word.upper() not in NOT_GIVEN and not {word.upper(), OTHERS} & mapped.get(column, set()):
                    found[column, word].append(delivery)
    return in_order(
        UnknownWord(fhir.SOURCE.system, column, word, len(of), len(set(of)), is_left_out=True)
        for (column, word), of in found.items()
    )
