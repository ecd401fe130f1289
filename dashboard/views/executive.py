"""Page 1, Executive Summary: what the house did, what it cost, and how that changed."""

from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts, session
from dashboard.cells import NEAREST
from dashboard.figures import executive as figures
from dashboard.figures.executive import ALL, Chosen, Options
from dashboard.gateway import SignedIn
from dashboard.lake import Snapshot, open_table
from mediflow_assets.contracts import masked

ALL_YEARS = "all years"
_GUARD = " Cells of 1 to 10 people are in no sum."
_AT_LEAST = "'At least': parts that would tell of 1 to 10 people are not in it."
_NO_COST = "no cost"
_WITHOUT = " None of them has a cost: deliver 'cost' with the encounters."
Tables = tuple[Snapshot, Snapshot]
"""The cells of activity, and the totals."""


@session.page("executive")
def page(_: SignedIn) -> None:
    """Filters, the figures beside the year before, and cost and volume by month and department."""
    st.title("Executive Summary")
    activity = open_table(masked.MONTHLY_ACTIVITY)
    tables = activity, open_table(masked.ACTIVITY_TOTALS)
    options = figures.options(activity)
    chosen = _filters(options)
    before = _year_before(chosen, options)
    encounters, cost, average, patients, rate, anomalies = charts.cards(6)
    note = _activity(tables, chosen, before, (encounters, cost, average))
    for column, part in ((patients, _patients), (anomalies, _anomalies)):
        with column:
            session.tell(lambda part=part: part(chosen, before))  # type: ignore[misc]
    with rate:
        session.tell(lambda: _readmissions(activity, chosen))
    st.caption(note)
    charts.after_the_figures()
    _months(tables, chosen)


def _filters(options: Options) -> Chosen:
    """The choice, kept in the URL. What the URL holds and the tables do not is ignored."""
    offered = {
        "period": [ALL_YEARS, *(str(year) for year in options.years)],
        "department": [ALL, *options.departments],
        "class": [ALL, *options.classes],
    }
    picked = {}
    for column, (name, values) in zip(st.columns(3), offered.items(), strict=True):
        asked = st.query_params.get(name)
        first = str(options.years[0]) if name == "period" else ALL
        at = values.index(asked if asked in values else first)
        picked[name] = column.selectbox(name.capitalize(), values, index=at, key=f"executive {name}")
        st.query_params[name] = picked[name]
    year = None if picked["period"] == ALL_YEARS else int(picked["period"])
    return Chosen(year, picked["department"], picked["class"])


def _year_before(chosen: Chosen, options: Options) -> Chosen | None:
    if chosen.year is None or chosen.year - 1 not in options.years:
        return None
    return Chosen(chosen.year - 1, chosen.department, chosen.encounter_class)


def _activity(tables: Tables, chosen: Chosen, before: Chosen | None, places: tuple[Any, ...]) -> str:
    """The three figures of activity; returns what is to be said under all six."""
    now = figures.activity_of(*tables, chosen)
    then = figures.activity_of(*tables, before) if before else None
    is_known = now.is_exact and then is not None and then.is_exact
    note = "" if now.is_exact else " " + _AT_LEAST
    note += _WITHOUT if now.lacks_cost else ""
    told = (
        (
            "Encounters",
            "",
            now.encounters,
            then.encounters if then else None,
            "Encounters that began in the period, cancelled and planned ones aside.",
        ),
        (
            "Total cost",
            "$",
            now.cost_usd,
            then.cost_usd if then else None,
            f"Sum of billed amounts of {charts.number(now.encounters)} encounters, USD.",
        ),
        (
            "Average cost",
            "$",
            now.average_cost_usd,
            then.average_cost_usd if then else None,
            f"Total cost divided by {charts.number(now.encounters)} encounters, USD.",
        ),
    )
    for place, (name, unit, value, earlier, what) in zip(places, told, strict=True):
        place.metric(
            name,
            _NO_COST if unit and now.lacks_cost else charts.number(value, unit, is_exact=now.is_exact),
            charts.change(value, earlier) if is_known else None,
            delta_color="off",
            border=True,
            help=what + note,
        )
    said = f"Changes are against {before.year}." if before else "There is no year before to compare with."
    return said if now.is_exact else f"{said} {_AT_LEAST}"


def _patients(chosen: Chosen, _: Chosen | None) -> None:
    table = open_table(masked.ENCOUNTERS)
    now = figures.patients_of(table, chosen)
    # cells of few people, and in a year people of 90 and over, are not counted: a change of what is left is none
    least = None if now is None else now - NEAREST // 2
    st.metric(
        "Patients",
        charts.number(least, is_exact=False),
        border=True,
        help="Distinct people with an encounter in the period, told in steps of 20, over the cells (year, "
        "department, class) of at least 11 people; those of 90 and over are in 'all years' only. Cancelled "
        "and planned encounters aside.",
    )


def _readmissions(activity: Snapshot, chosen: Chosen) -> None:
    if chosen.encounter_class not in (ALL, "inpatient"):
        st.metric(
            "30-day readmission rate", "inpatient only", help="Only inpatient stays can be readmitted.", border=True
        )
        return
    table = open_table(masked.READMISSIONS)
    now = figures.readmission_of(table, activity, chosen)
    share = None if now.share is None else 100 * now.share
    st.metric(
        "30-day readmission rate",
        charts.number(share, places=1) + ("" if share is None else " %"),
        border=True,
        help=f"{charts.number(now.part)} of {charts.number(now.whole)} index stays discharged in the period were "
        "followed by another, unplanned inpatient stay within 30 days. This is the rate of the "
        "departments that are shown: those whose stays would tell of 1 to 10 people, and in a year people "
        "of 90 and over, are not counted.",
    )


def _anomalies(chosen: Chosen, before: Chosen | None) -> None:
    activity = figures.activity_of(open_table(masked.MONTHLY_ACTIVITY), open_table(masked.ACTIVITY_TOTALS), chosen)
    if activity.lacks_cost:
        st.metric("Cost anomalies", _NO_COST, border=True, help="Told of encounters with a cost." + _WITHOUT)
        return
    table = open_table(masked.COST_ANOMALIES)
    now, is_whole = figures.anomalies_of(table, chosen)
    then, was_whole = figures.anomalies_of(table, before) if before else (None, True)
    are_both = is_whole and was_whole
    st.metric(
        "Cost anomalies",
        charts.number(now, is_exact=is_whole),
        charts.change(now, then) if are_both else None,
        delta_color="inverse",
        border=True,
        help="Encounters of the period whose cost is above the limit of their peer group."
        + _GUARD
        + " Those of people of 90 and over are in 'all years' only.",
    )


def _months(tables: Tables, chosen: Chosen) -> None:
    months = figures.by_month(*tables, chosen)
    note = " A gap is a month that is hidden: it would tell of 1 to 10 people."
    names = {"month": "month", "department": "department"}
    charts.show(
        "Volume by month",
        "Encounters by month of admission and department." + note,
        months.drop("cost_usd"),
        charts.lines(months, "month", "encounters", "department", **names),
    )
    charts.show(
        "Cost by month",
        "Sum of billed amounts, USD, by month of admission and department." + note,
        months.drop("encounters"),
        charts.lines(months, "month", "cost_usd", "department", cost_usd="USD", **names),
    )
    wards = figures.by_department(*tables, chosen)
    shown = wards.filter(pl.col("encounters").is_not_null())
    charts.show(
        "Volume and cost by department",
        "Encounters of the period, the sum of their billed amounts and its "
        "share for each encounter, USD, by department. Where `is_at_least` holds, parts that would tell of 1 "
        "to 10 people are not in them.",
        wards,
        charts.bars(shown, "department", "cost_usd", cost_usd="USD"),
    )
