"""ADT messages of events that Silver takes nothing from: counted, named, and doubted where they change a visit."""

from collections import Counter
from dataclasses import replace

import pyarrow.compute as pc

from mediflow_assets.contracts import hl7
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline.checks import UNREAD_EVENT, CheckResult
from mediflow_assets.storage.delta import Lake
from mediflow_assets.transforms.hl7.moves import EVENTS

_READ = {kind for target in hl7.SOURCE.targets for kind in target.kinds} | {f"ADT^{event}" for event in EVENTS}


def unread(lake: Lake) -> Counter[str]:
    """How many messages there are of each event that is not read."""
    found: Counter[str] = Counter()
    for contract in (hl7.HL7_MESSAGES, hl7.HL7_EVENTS):
        if (table := lake.open(contract)) is not None:
            for batch in lake.dataset(contract, table).to_batches(columns=["message_type"]):
                found.update({each["values"]: each["counts"] for each in pc.value_counts(batch.column(0)).to_pylist()})
    return Counter({kind: n for kind, n in found.items() if kind.startswith("ADT^") and kind not in _READ})


def check(events: Counter[str], like: CheckResult) -> CheckResult:
    """How many of them may change what Silver tells of visits."""
    real = {kind: count for kind, count in events.items() if not kind.endswith(tuple(hl7.NOT_REAL.values()))}
    failing = sum(count for kind, count in real.items() if kind.removeprefix("ADT^") not in hl7.TELLING_NOTHING)
    return replace(like, name=UNREAD_EVENT, severity=Severity.WARN, passed=not failing, failing=failing)
