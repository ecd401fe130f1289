"""ADT messages of events that Silver takes nothing from: counted, named, and doubted where they change a visit."""

import re
from collections import Counter
from dataclasses import replace

import pyarrow.compute as pc

from mediflow_assets.contracts import hl7
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline.checks import UNREAD_EVENT, CheckResult
from mediflow_assets.pipeline.offset_ranges import arrow_of_deliveries
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.storage.delta import Lake
from mediflow_assets.transforms.hl7.moves import EVENTS

_READ = {kind for target in hl7.SOURCE.targets for kind in target.kinds} | {f"ADT^{event}" for event in EVENTS}
_NAMED = re.compile(rf"ADT\^[A-Z][0-9]{{2}}(?: (?:{'|'.join(hl7.NOT_REAL.values())}))?")
OTHER = "ADT of no event"
"""What stands in MSH-9 or EVN-1 and is no name of an event may be anything, a patient's name too."""


def unread(lake: Lake, work: Pending) -> Counter[str]:
    """How many messages there are of each event that is not read, among those that are validated now."""
    found: Counter[str] = Counter()
    for contract in (hl7.HL7_MESSAGES, hl7.HL7_EVENTS):
        deliveries, table = work.deliveries.get(contract.name, ()), lake.seen(contract)
        if not deliveries or table is None:
            continue
        mine = arrow_of_deliveries(deliveries, work.offset_ranges)
        for batch in lake.dataset(contract, table).to_batches(columns=["message_type"], filter=mine):
            for each in pc.value_counts(batch.column(0)).to_pylist():
                if (kind := each["values"]).startswith("ADT^") and kind not in _READ:
                    found[kind if _NAMED.fullmatch(kind) else OTHER] += each["counts"]
    return found


def check(events: Counter[str], like: CheckResult) -> CheckResult:
    """How many of them may change what Silver tells of visits."""
    real = {kind: count for kind, count in events.items() if not kind.endswith(tuple(hl7.NOT_REAL.values()))}
    failing = sum(count for kind, count in real.items() if kind.removeprefix("ADT^") not in hl7.TELLING_NOTHING)
    return replace(like, name=UNREAD_EVENT, severity=Severity.WARN, passed=not failing, failing=failing)
