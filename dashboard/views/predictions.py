"""Page 4, ML Insights & Predictions: how good the models are, and what they say of a patient."""

from contextlib import suppress

import polars as pl
import streamlit as st

from dashboard import charts, gateway, session
from dashboard.figures import models as figures
from dashboard.gateway import GatewayProblem, SignedIn
from dashboard.lake import open_table
from dashboard.views import scoring
from mediflow_assets.contracts import models
from mediflow_assets.contracts.served import MODELS

_TRAIN = "mediflow run --select models"


@session.page("predictions")
def page(user: SignedIn) -> None:
    """Forms first, then figures of the model that is chosen."""
    st.title("ML Insights & Predictions")
    one, many, figures_of = st.tabs(["One patient", "A file", "The models"])
    with one:
        session.tell(lambda: scoring.form(user))
    with many:
        session.tell(lambda: scoring.upload(user))
    with figures_of:
        model = st.selectbox("Model", list(MODELS), key="predictions model")
        session.tell(lambda: _figures(user, model))
        session.tell(lambda: _drift(model))
        session.tell(lambda: _card(user, model))


def _figures(user: SignedIn, model: str) -> None:
    found = figures.metrics(open_table(models.MODEL_METRICS, _TRAIN))
    versions = figures.versions(found, model, _answering(user, model))
    if versions.is_empty():
        st.info(f"No version of {model} was trained yet. Run '{_TRAIN}'.")
        return
    roles = figures.roles(versions)
    about = " Denominator: `rows`, to the nearest 20."
    charts.show(
        "Versions",
        "Champion: the version that answers at the gateway (while that is down, the newest that "
        "the gate let through); challenger: trained after it.",
        versions,
    )
    charts.show(
        "Champion and challenger beside baselines",
        "On held-out patients and months, later than the training "
        "rows; `r2`, `auc`: higher is better; errors, `brier`: lower. Amounts in USD." + about,
        figures.beside_baselines(found, model, roles),
    )
    bins = figures.calibration(found, model, roles)
    charts.show(
        "Calibration",
        "Held-out rows in tenths by the model's answer: its mean, and what was observed. On the dotted line both are "
        "equal." + about,
        bins,
        charts.against(bins, "predicted", "observed", "role"),
    )
    charts.show(
        "Groups of patients",
        "The served model on held-out rows of each group of at least 50, with its 95 % interval." + about,
        figures.groups(found, model, roles),
    )


def _answering(user: SignedIn, model: str) -> str | None:
    """The version that answers; None where the gateway is down or has none."""
    with suppress(GatewayProblem):
        known = gateway.ask(user, "GET", "/models")["models"]
        return next((each["version"] for each in known if each["name"] == model), None)
    return None


def _drift(model: str) -> None:
    found = figures.drift(open_table(models.DRIFT, _TRAIN))
    kept = found.filter(found["model"] == model)
    drifted = int(kept["has_drifted"].sum())
    (st.warning if drifted else st.caption)(f"{drifted} of {kept.height} inputs and answers have drifted.")
    charts.show(
        "Drift",
        "Inputs and answers of the last 30 days against training; above `limit` it has drifted. "
        "Denominator: `rows`, to the nearest 20.",
        kept,
        charts.bars(
            kept.with_columns(pl.col("has_drifted").cast(pl.String)),
            "input",
            "value",
            "has_drifted",
            is_flat=True,
            has_drifted="drifted",
        ),
    )


def _card(user: SignedIn, model: str) -> None:
    try:
        told = gateway.ask(user, "GET", f"/models/{model}")
    except GatewayProblem:
        st.info("The model card comes from the gateway, which has none to give now.")
        raise
    if told.get("provisional"):
        st.warning(scoring.PROVISIONAL)
    with st.expander(f"Model card: {model}, version {told['version']}"):
        st.markdown(told["card"])
