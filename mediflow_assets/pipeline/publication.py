"""When masked tables are published: with every run, or once a day, week or month.

A version of a few new rows tells when they came, and a rate of versions what came between two of them. So masked tables
stay as they are until the period closes in which they were published, and then show all that has come.
"""

from collections.abc import Mapping

from mediflow_assets.contracts import masked, silver
from mediflow_assets.contracts.table import Audience, TableContract
from mediflow_assets.pipeline import change
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake

PUBLISHED = "published"
"""The table property that names the period in which a table was last published."""
WAITING = "published again when this period closes"
"""The figure of a step that left its table as it was published."""
AT_ONCE = frozenset((masked.RISK_SCORES.name, masked.STREAM_ALERTS.name))
"""What people at work need on the day itself."""


def waits(lake: Lake, period: str | None, contract: TableContract, state: Mapping[str, int | str]) -> bool:
    """Whether an open table was published in this period, by these rules, under this key, and holds rows."""
    if period is None or contract.audience is not Audience.ANALYST or contract.name in AT_ONCE:
        return False
    if lake.property_of(contract, PUBLISHED) != period or not lake.rows(contract):
        return False
    last = lake.property_of(contract, change.INPUTS) or {}
    is_by_these_rules = all(last.get(name) == state[name] for name in ("code", "key"))
    return is_by_these_rules and not lake.difference(contract)


def begin(context: RunContext, contract: TableContract) -> None:
    """Take the note of a publication back before its rows are: cut short, or failed, it is due again."""
    if context.lake.property_of(contract, PUBLISHED):
        context.lake.set_properties(contract, **{PUBLISHED: ""})


def note_of(context: RunContext, contract: TableContract) -> dict[str, str]:
    """What notes that a table is published. Before the first encounters nothing is: what comes first shall not wait."""
    is_one = context.period is not None and contract.audience is Audience.ANALYST
    return {PUBLISHED: str(context.period)} if is_one and context.lake.rows(silver.ENCOUNTERS) else {}
