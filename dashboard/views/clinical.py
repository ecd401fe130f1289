"""Page 2, Clinical Insights: who is treated, how long, for what, and how often they come back."""

import streamlit as st

from dashboard import charts, session
from dashboard.figures import clinical as figures
from dashboard.gateway import SignedIn
from dashboard.lake import open_table
from mediflow_assets.contracts import masked

_GUARD = " Groups of 1 to 10 people are not shown."
_ABOUT = " Counts are to the nearest 20."


@session.page("clinical")
def page(_: SignedIn) -> None:
    """One chart for each question; a table that is not there silences its charts only."""
    st.title("Clinical Insights")
    for part in (_ages, _stays, _diagnoses, _costs, _census, _readmissions):
        session.tell(part)


def _ages() -> None:
    found = figures.people_by_age(open_table(masked.ENCOUNTERS))
    charts.show(
        "Age bands by gender",
        "Distinct people with an encounter at that age, by gender; the denominator is everybody shown."
        + _ABOUT
        + _GUARD,
        found,
        charts.bars(found, "age_band", "patients", "gender", age_band="age", patients="people"),
    )


def _stays() -> None:
    found = figures.stay_by_department(open_table(masked.READMISSIONS))
    charts.show(
        "Length of stay",
        "Nights of inpatient episodes that ended, by department: median and quartiles. The denominator is `stays`."
        + _ABOUT
        + _GUARD,
        found,
        charts.ranges(
            found.filter(~found["is_hidden"]),
            "department",
            "median_days",
            "lower_quartile_days",
            "upper_quartile_days",
            median_days="median and quartiles, days",
        ),
    )


def _diagnoses() -> None:
    found = figures.diagnoses(open_table(masked.DEPARTMENT_COSTS))
    charts.show(
        "Most frequent diagnoses",
        "Encounters by diagnosis: the sum over department and gender of the cells "
        "that are shown; of `cells`, `hidden_cells` are not in it. The 20 most frequent.",
        found,
        charts.bars(found, "diagnosis_code", "encounters", diagnosis_code="diagnosis"),
    )


def _costs() -> None:
    found = figures.cost_by_age(open_table(masked.ENCOUNTERS))
    charts.show(
        "Cost by age band",
        "Quartiles of billed amounts, USD, of encounters with a cost; the denominator is "
        "`encounters`, of the age and gender groups that are shown." + _ABOUT + _GUARD,
        found,
        charts.ranges(
            found,
            "age_band",
            "median_usd",
            "lower_quartile_usd",
            "upper_quartile_usd",
            age_band="age",
            median_usd="median and quartiles, USD",
        ),
    )


def _census() -> None:
    found = figures.census(open_table(masked.MONTHLY_CENSUS))
    charts.show(
        "Monthly census",
        "Mean over the month's `days` of inpatients present, by department." + _GUARD,
        found,
        charts.lines(found, "month", "average_census", "department", average_census="people"),
    )


def _readmissions() -> None:
    found = figures.readmission_by_department(open_table(masked.READMISSIONS), open_table(masked.MONTHLY_ACTIVITY))
    charts.show(
        "30-day readmission by department",
        "Share of index stays followed by an unplanned stay within 30 days,"
        " with its 95 % interval (Wilson). Denominator: `index_stays`, of the years that are shown." + _GUARD,
        found,
        charts.ranges(found, "department", "rate", "lower", "upper", rate="share"),
    )
