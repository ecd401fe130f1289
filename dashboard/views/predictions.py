"""Page 4, ML Insights & Predictions: how good the models are, and what they say of a patient."""

import streamlit as st

from dashboard import charts, gateway, session
from dashboard.figures import models as figures
from dashboard.gateway import GatewayProblem, SignedIn
from dashboard.lake import open_table
from dashboard.views import scoring
from mediflow_assets.contracts import models
from mediflow_assets.contracts.inputs import MODELS

_TRAIN = "mediflow run --select models"


@session.page("predictions")
def page(user: SignedIn) -> None:
    """Forms first, then figures of the model that is chosen."""
    st.title("ML Insights & Predictions")
    session.tell(lambda: scoring.form(user))
    session.tell(lambda: scoring.upload(user))
    model = st.selectbox("Model", MODELS, key="predictions model")
    session.tell(lambda: _figures(model))
    session.tell(lambda: _drift(model))
    session.tell(lambda: _card(user, model))


def _figures(model: str) -> None:
    found = figures.metrics(open_table(models.MODEL_METRICS, _TRAIN))
    versions = figures.versions(found, model)
    if versions.is_empty():
        st.info(f"No version of {model} was trained yet. Run '{_TRAIN}'.")
        return
    charts.show("Versions", "Champion: the newest that the gate promoted; challenger: trained after it, not promoted.",
                versions)  # fmt: skip
    version = st.selectbox("Version", versions["version"].to_list(), key=f"predictions version {model}")
    charts.show("Figures beside baselines", "On held-out rows, later than the training rows.",
                figures.beside_baselines(found, model, version))  # fmt: skip
    bins = figures.calibration(found, model, version)
    charts.show(
        "Calibration",
        "Held-out rows in tenths by the model's answer: its mean, and what was observed. On the "
        "diagonal both are equal. Denominator: `rows`.",
        bins,
        charts.against(bins, "predicted", "observed"),
    )
    charts.show("Groups of patients", "The served model on held-out rows of each group of at least 50, with its 95 % "
                "interval. Denominator: `rows`.", figures.groups(found, model, version))  # fmt: skip


def _drift(model: str) -> None:
    found = figures.drift(open_table(models.DRIFT, _TRAIN))
    kept = found.filter(found["model"] == model)
    drifted = int(kept["has_drifted"].sum())
    (st.warning if drifted else st.caption)(f"{drifted} of {kept.height} inputs and answers have drifted.")
    charts.show("Drift", "Inputs and answers of the last 30 days against training; above `limit` it has drifted. "
                "Denominator: `rows`.", kept)  # fmt: skip


def _card(user: SignedIn, model: str) -> None:
    try:
        told = gateway.ask(user, "GET", f"/models/{model}")
    except GatewayProblem:
        st.info("The model card comes from the gateway, which has none to give now.")
        raise
    with st.expander(f"Model card: {model}, version {told['version']}"):
        st.markdown(told["card"])
