"""Page 3, Data Quality & Anomalies: what was checked, what became of each record, how fresh it is, what stands out."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import charts, session
from dashboard.figures import quality as figures
from dashboard.gateway import SignedIn
from dashboard.lake import NotReadable, Snapshot, open_table
from mediflow_assets.contracts import TABLES, masked, operational
from mediflow_assets.contracts.table import Audience
from mediflow_assets.contracts.versions import MOST_CONFLICTS, OUTCOMES


@session.page("quality")
def page(_: SignedIn) -> None:
    """From the checks to the anomalies."""
    st.title("Data Quality & Anomalies")
    for part in (_checks, _flow, _quarantine, _samples, _freshness, _anomalies):
        session.tell(part)


def _checks() -> None:
    table = open_table(operational.CHECK_RESULTS)
    newest, grades = figures.newest_checks(table), figures.grades(table)
    failed = newest.filter(~newest["passed"]).height
    left, middle, _ = charts.cards(3)
    left.metric(
        "Checks that hold",
        f"{newest.height - failed} of {newest.height}",
        border=True,
        help="The last result of each check of each table.",
    )
    middle.metric(
        "Tables with grade A",
        f"{(grades['grade'] == 'A').sum()} of {grades.height}",
        border=True,
        help="A: all error checks hold and 99.99 % of rows; B: 99 %; C: 95 %; D: less; F: an error check fails.",
    )
    charts.show(
        "Grade of each table",
        "The score is the mean over a table's `checks` of the share of rows that hold. "
        "A from 99.99 %, B from 99 %, C from 95 %, else D; F where an error check fails.",
        grades,
    )
    charts.show(
        "Checks",
        "The last result of each check; `failing` of `rows` rows broke it. Rows about people are to the nearest 20.",
        figures.checks_shown(table),
    )
    found = figures.history(table)
    charts.show(
        "History of checks",
        "How many checks held and failed on each day.",
        found,
        charts.bars(
            found.with_columns(pl.col("checked_on").cast(pl.String)),
            "checked_on",
            "checks",
            "outcome",
            checked_on="day",
        ),
    )


def _flow() -> None:
    sums = figures.reconciled(open_table(operational.RECONCILIATION))
    deliveries = [figures.ALL, *sums["delivery"].unique(maintain_order=True).to_list()]
    tables = sorted(name for name in sums["table"].unique().to_list() if name.startswith("silver/"))
    left, right = st.columns(2)
    chosen = left.selectbox("Delivery", deliveries, key="quality delivery")
    judged = right.selectbox("Judged for", tables, key="quality table") if tables else "silver/encounters"
    steps = figures.flow(sums, judged, chosen)
    charts.show(
        "What became of each record",
        "Records delivered → Bronze or rejected; of Bronze, accepted, quarantine "
        "or erased; of those accepted, rows of Silver (each delivery's to the nearest 20), and duplicates and "
        "older versions of them.",
        steps,
        charts.flow(steps),
    )
    kept = sums if chosen == figures.ALL else sums.filter(sums["delivery"] == chosen)
    unbalanced = kept.filter(~kept["balanced"]).height
    charts.show(
        "Reconciliation",
        "For each table and delivery: `records` = `accepted` + `quarantined` + `erased`, or "
        "the sum does not hold and the run fails. To the nearest 20, `newest`: accepted ones that are rows of Silver; "
        "and what accepted versions were: "
        + "; ".join(f"`{name}`: {what}" for name, what in OUTCOMES.items())
        + "; `refused`: the share that is quarantined, or of Bronze rejected, `reasons` the most frequent first, "
        "`unknown_words` records held by a word that no vocabulary has. On the command line 'mediflow quarantine list "
        "--records --delivery …' shows which records, and 'mediflow vocabulary unmapped' the words."
        + f" `contradicts`: more than {MOST_CONFLICTS:.0%} of what it touches it contradicts at the same time.",
        kept,
    )
    (st.error if unbalanced else st.caption)(f"{kept.height - unbalanced} of {kept.height} sums agree.")
    if doubtful := kept["contradicts"].sum():
        st.warning(
            f"{doubtful} of {kept.height} sums are of a delivery that contradicts, at the same time, more than "
            f"{MOST_CONFLICTS:.0%} of what it touches in its table. Ask who sent it which of the two is right."
        )


def _quarantine() -> None:
    found = figures.quarantine(open_table(operational.QUARANTINE_REASONS))
    reasons = found.group_by("reason", "status", maintain_order=True).agg(pl.col("records").sum())
    charts.show(
        "Quarantine by reason",
        "Records that broke a rule, by reason; one with two reasons counts under both.",
        found,
        charts.bars(reasons, "reason", "records", "status", is_flat=True),
    )


def _samples() -> None:
    found = figures.samples(open_table(operational.QUARANTINE_SAMPLES))
    reasons = found["reason"].unique().sort().to_list()
    chosen = st.selectbox("Samples of", reasons, key="quality reason")
    charts.show(
        "Masked samples of quarantine",
        "Up to three records of the reason: each field that is filled, and its "
        "shape (a for a letter, # for a digit). What identifies a person is kept back. 'mediflow quarantine "
        "show' shows a record whole to who may see it.",
        found.filter(found["reason"] == chosen),
    )


def _freshness() -> None:
    opened: list[tuple[str, datetime]] = []
    for contract in TABLES.values():
        if contract.audience is Audience.ANALYST:
            try:
                opened.append((contract.name, open_table(contract).written_at))
            except NotReadable:
                continue
    found = figures.freshness(opened, datetime.now(UTC))
    late = found.filter(found["state"] == "late").height
    (st.warning if late else st.caption)(f"{found.height - late} of {found.height} tables keep the promise of 24 h.")
    charts.show("Freshness", "Hours since each table was last written; the promise is 24.", found)


def _anomalies() -> None:
    peers: Snapshot | None
    try:
        peers = open_table(masked.COST_PEERS)
    except NotReadable:
        peers = None
    found = figures.with_peers(figures.anomalies(open_table(masked.COST_ANOMALIES)), peers)
    shown = found.filter(~found["is_hidden"])
    st.metric(
        "Cost anomalies",
        charts.number(shown["anomalies"].sum()),
        border=True,
        help="Encounters whose cost is above the limit of their peer group, of the "
        f"{shown.height} groups that are shown, of {found.height}.",
    )
    charts.show(
        "Cost anomalies and their peers",
        "Encounters above the limit of their peers (department, diagnosis "
        "and class, or a wider group), by department and diagnosis: their number, quartiles of their cost "
        "beside the middle half of their peers' costs, and the reason. Diagnoses of fewer than 11 people are "
        "one group. A group of 1 to 10 people is not shown, nor is what would tell it.",
        found,
        charts.ranges(
            shown.with_columns(group=pl.format("{} {}", "department", "diagnosis_code")).head(20),
            "group",
            "median_usd",
            "lower_quartile_usd",
            "upper_quartile_usd",
            is_log=True,
            group="",
            median_usd="median and quartiles, USD",
        ),
    )
