"""Page 3, Data Quality & Anomalies: what was checked, what became of each record, how fresh it is, what stands out."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import charts, session
from dashboard.figures import quality as figures
from dashboard.gateway import SignedIn
from dashboard.lake import NotReadable, Snapshot, open_table
from mediflow_assets.contracts import TABLES, house, masked
from mediflow_assets.contracts.table import Audience

_SHOWN_ROWS = 500


@session.page("quality")
def page(_: SignedIn) -> None:
    """From the checks to the anomalies."""
    st.title("Data Quality & Anomalies")
    for part in (_checks, _flow, _quarantine, _freshness, _anomalies):
        session.tell(part)


def _checks() -> None:
    table = open_table(house.CHECK_RESULTS)
    newest, grades = figures.newest_checks(table), figures.grades(table)
    failed = newest.filter(~newest["passed"]).height
    left, right = st.columns(2)
    left.metric("Checks that hold", f"{newest.height - failed} of {newest.height}",
                help="The last result of each check of each table.")  # fmt: skip
    right.metric(
        "Tables with grade A",
        f"{(grades['grade'] == 'A').sum()} of {grades.height}",
        help="A: all error checks hold and 99.99 % of rows; B: 99 %; C: 95 %; F: an error check fails.",
    )
    charts.show(
        "Grade of each table", "The score is the mean over a table's checks of the share of rows that hold.", grades
    )
    charts.show("Checks", "The last result of each check; `failing` of `rows` rows broke it.", newest)
    found = figures.history(table)
    charts.show("History of checks", "How many checks held and failed on each day.", found,
                charts.bars(found, "checked_on", "checks", "outcome", checked_on="day"))  # fmt: skip


def _flow() -> None:
    sums = figures.reconciled(open_table(house.RECONCILIATION))
    deliveries = [figures.ALL, *sums["delivery"].unique(maintain_order=True).to_list()]
    chosen = st.selectbox("Delivery", deliveries, key="quality delivery")
    kept = sums if chosen == figures.ALL else sums.filter(sums["delivery"] == chosen)
    steps = figures.flow(sums, chosen, _rows())
    charts.show("What became of each record", "Records delivered → Bronze or rejected; judged → Silver, quarantine or "
                "erased. The sums must agree: `balanced`.", kept, charts.flow(steps))  # fmt: skip
    unbalanced = kept.filter(~kept["balanced"]).height
    (st.error if unbalanced else st.caption)(f"{kept.height - unbalanced} of {kept.height} sums agree.")


def _rows() -> dict[str, int]:
    """Rows of the Silver tables, from their masked copies."""
    found = {}
    for contract in (masked.ENCOUNTERS, masked.PATIENTS):
        try:
            found[f"silver/{contract.key[1]}"] = open_table(contract).rows
        except NotReadable:
            continue
    return found


def _quarantine() -> None:
    found = figures.quarantine(open_table(house.QUARANTINE_REASONS))
    charts.show("Quarantine by reason", "Records that broke a rule, by reason; one with two reasons counts under both. "
                "Their contents are seen with 'mediflow quarantine show' only.", found,
                charts.bars(found, "reason", "records", "status"))  # fmt: skip


def _freshness() -> None:
    opened: list[tuple[str, datetime]] = []
    for contract in TABLES.values():
        if contract.audience is Audience.ANALYST:
            try:
                opened.append((contract.name, open_table(contract).written_at))
            except NotReadable:
                continue
    found = figures.freshness(opened, datetime.now(UTC))
    charts.show("Freshness", "Hours since each table was last written; the promise is 24.", found)


def _anomalies() -> None:
    peers: Snapshot | None
    try:
        peers = open_table(masked.COST_PEERS)
    except NotReadable:
        peers = None
    found = figures.anomalies(open_table(masked.COST_ANOMALIES), peers)
    st.metric(
        "Cost anomalies", f"{found.height:,}", help="Encounters whose cost is above the limit of their peer group."
    )
    charts.show("Cost anomalies and their peers", "Billed amount beside the peers' median, limit and quartiles (where "
                f"shown), USD. The furthest {_SHOWN_ROWS} are shown; the download holds all.", found,
                shown_rows=_SHOWN_ROWS)  # fmt: skip
