"""Page 5, Governance & Lineage: what is masked, whether it holds, who did what, what comes from what."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts, gateway, graph, session
from dashboard.cells import to_nearest
from dashboard.figures import lineage as figures
from dashboard.gateway import SignedIn
from dashboard.lake import open_table
from mediflow_assets.contracts import TABLES, assurance


@session.page("governance")
def page(user: SignedIn) -> None:
    """Proof first, then the policy, then the lineage."""
    st.title("Governance & Lineage")
    session.tell(lambda: _from_gateway(gateway.ask(user, "GET", "/governance/status")))
    session.tell(lambda: _accesses(gateway.ask(user, "GET", "/governance/audit?limit=50")["records"]))
    for part in (_leaks, _small_cells, _policy, _lineage, _downloads):
        session.tell(part)


def _from_gateway(told: dict[str, Any]) -> None:
    key, audit = told.get("key"), told["audit"]
    first, second, third = st.columns(3)
    first.metric("Pseudonym key", key["key_id"] if key else "not readable", help="Its id; the key is shown nowhere.")
    second.metric("Age of the key", f"{key['age_days']} days" if key else "not known", help="Since the key was made.")
    third.metric(
        "Audit log", "verified" if audit["is_intact"] else "BROKEN", help=f"The chain of {audit['records']:,} records."
    )
    if not audit["is_intact"]:
        st.error(f"The audit log does not hold: {audit['says']}")
    erasures = told.get("erasures", [])
    if erasures:
        charts.show("Erasure requests", "Each erasure with its proof; counts and codes only.", _frame(erasures))
    else:
        st.caption("No erasure was asked for yet: 'mediflow erase' does it.")


def _accesses(records: list[dict[str, Any]]) -> None:
    charts.show(
        "Last accesses", "The newest 50 records of the audit log: who, what, with what outcome.", _frame(records)
    )


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    plain = [
        {name: str(value) if isinstance(value, list | dict) else value for name, value in row.items()} for row in rows
    ]
    return pl.DataFrame(plain, infer_schema_length=None)


def _leaks() -> None:
    table = open_table(assurance.LEAK_SCANS)
    found = table.collect(table.scan(*assurance.LEAK_SCANS.column_names).sort("scanned_at", descending=True))
    last = found.row(0, named=True)
    said = f"Last leak scan, {last['scanned_at']:%Y-%m-%d %H:%M} UTC: {last['hits']} hits in {last['files']:,} files"
    (st.error if last["hits"] else st.success)(f"{said}, {last['identifiers']:,} identifiers looked for.")
    charts.show(
        "Leak scans", "Where identifiers of Silver were looked for outside it, and how often one was found.", found
    )


def _small_cells() -> None:
    table = open_table(assurance.PRIVACY_STATUS)
    found = table.collect(table.scan(*assurance.PRIVACY_STATUS.column_names).sort("table"))
    charts.show(
        "How well people are hidden",
        "`min_k`: people in the smallest group that shows anything; "
        "`suppressed_share`: records with a blanked value. Denominators: `records` and `people`, to the "
        "nearest 20.",
        found.with_columns(to_nearest("records", "people")),
    )
    cells = figures.suppressed({each.name: open_table(each) for each in figures.AGGREGATES})
    charts.show(
        "Suppressed cells",
        "Cells of the masked aggregates that are blank: those of 1 to 10 people, and "
        "others that would tell one of them. Denominator: `cells`.",
        cells,
    )


def _policy() -> None:
    names = sorted(figures.policy()["table"].unique().to_list())
    chosen = st.selectbox("Table of the policy", names, index=names.index("silver/patients"), key="policy table")
    kept = figures.policy().filter(pl.col("table") == chosen)
    charts.show(
        "What is masked, column by column", "From the contracts: each column's class and what becomes of it.", kept
    )


def _lineage() -> None:
    edges = figures.edges()
    picture = graph.picture(list(TABLES), [(e["from_table"], e["to_table"]) for e in edges.to_dicts()])
    charts.show(
        "Asset graph",
        "Which table is made of which, zone by zone from left to right; `masking` of `columns` column sources are "
        "masked on the way. Tables that only count records stand alone. Click on one to see its columns' sources.",
        edges,
        picture,
        picked="lineage picked",
    )
    names = list(TABLES)
    picked = graph.picked(st.session_state.get("lineage picked"))
    if picked in names and picked != st.session_state.get("lineage followed"):
        st.session_state["lineage followed"] = st.session_state["lineage table"] = picked
    st.session_state.setdefault("lineage table", "masked/encounters")
    chosen = st.selectbox("Column lineage of", names, key="lineage table")
    found = figures.columns_from(chosen)
    steps = found.select(pl.format("{}.{}", "from_table", "from_column"), "column", pl.lit(1))
    charts.show(
        "Column lineage",
        "Each column's direct sources; `verb` is what is done to its values.",
        found,
        charts.flow(steps, 200 + 22 * steps.height, has_sizes=False),
    )


def _downloads() -> None:
    st.subheader("Downloads")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    charts.offer("Data dictionary (Markdown)", figures.dictionary(), "data_dictionary.md", "text/markdown")
    charts.offer("OpenLineage (JSON lines)", figures.openlineage(now), "openlineage.jsonl", "application/x-ndjson")
