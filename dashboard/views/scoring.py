"""The forms of page 4: one patient, or a CSV of many, scored by the gateway with the user's token."""

from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts, gateway
from dashboard.cells import rounded
from dashboard.downloads import csv_bytes, harmless
from dashboard.figures import uploads
from dashboard.gateway import SignedIn
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.inputs import CLASS, COST_MODEL, READMISSION_MODEL

_KINDS = {"Treatment cost": ("/predict", COST_MODEL), "30-day readmission": ("/predict/readmission", READMISSION_MODEL)}
PROVISIONAL = ("This model is provisional: it beats its baselines by what may be chance, and answers until one passes "
                "the gate. Weigh its answer so.")  # fmt: skip
_SCORED = "scored file"
_FURTHER = {
    "length_of_stay_days": "Nights of the stay",
    "prior_admissions_12m": "Earlier admissions, 12 months",
    "comorbidity_count": "Comorbidities (Charlson)",
}


def form(user: SignedIn) -> None:
    """One patient's inputs, and the answer with interval or cut-offs, drivers and the model's version."""
    st.subheader("Predict for one patient", help="Nothing of what is entered is kept in the lake or in the URL.")
    kinds = _answering(user)
    if not kinds:
        return
    known = {_KINDS[kind][1]: _allowed(user, _KINDS[kind][1]) for kind in kinds}
    with st.form("predict"):
        kind = st.radio("What to predict", kinds, horizontal=True)
        patient = _inputs(known.get(COST_MODEL) or known[READMISSION_MODEL])
        is_sent = st.form_submit_button("Predict")
    if is_sent:
        path, _ = _KINDS[kind]
        _answer(gateway.ask(user, "POST", f"{path}?explain=true", patient))


def _answering(user: SignedIn) -> list[str]:
    """What can be predicted: a model without a champion is left out, and said so."""
    models = gateway.ask(user, "GET", "/models")["models"]
    versions = {each["name"]: each["version"] for each in models}
    for kind, (_, name) in _KINDS.items():
        if not versions.get(name):
            st.info(f"{kind}: no version of {name} answers yet. 'mediflow run --select models' trains it, and says why "
                    "where it cannot.")  # fmt: skip
    return [kind for kind, (_, name) in _KINDS.items() if versions.get(name)]


def _inputs(allowed: dict[str, list[str]]) -> dict[str, Any]:
    left, right = st.columns(2)
    codes = allowed.get("admitting_diagnosis_code") or allowed.get("diagnosis_code", [])
    patient: dict[str, Any] = {
        "age": int(left.number_input("Age, years", *v.AGE_LIMITS_YEARS, value=67, step=1)),
        "gender": right.selectbox("Gender", sorted(set(v.GENDERS.values()))),
        "department": left.selectbox("Department", allowed.get("department", []), accept_new_options=True),
        "diagnosis_code": right.selectbox("Diagnosis code", codes,
                                          accept_new_options=True),
    }  # fmt: skip
    if classes := allowed.get(CLASS):
        patient[CLASS] = left.selectbox("Encounter class (for the cost)", classes)
    for (name, label), column in zip(_FURTHER.items(), (right, left, right), strict=True):
        most = int(uploads.FIELDS[name].maximum or 0)
        value = column.number_input(f"{label} (optional)", 0, most, value=None, step=1)
        if value is not None:
            patient[name] = int(value)
    return {name: value for name, value in patient.items() if value is not None}


def _allowed(user: SignedIn, model: str) -> dict[str, list[str]]:
    """The words that the champion has learned, for each input."""
    inputs = gateway.ask(user, "GET", f"/models/{model}")["inputs"]
    return {each["name"]: list(each["allowed"]) for each in inputs if each.get("allowed")}


def _answer(told: dict[str, Any]) -> None:
    if "predicted_cost" in told:
        ends = told["interval"]
        st.metric("Expected cost", f"${told['predicted_cost']:,.2f}", help="Expected billed amount, USD.")
        st.write(
            f"{ends['coverage']:.0%} of such costs lie between \\${ends['lower']:,.2f} and \\${ends['upper']:,.2f}."
        )
        if told.get("peer"):
            peer = told["peer"]
            st.write(f"Peers (about {rounded(peer['patients']):,} people): half cost \\${peer['lower_quartile']:,.2f} "
                     f"to \\${peer['upper_quartile']:,.2f}, median \\${peer['median']:,.2f}.")  # fmt: skip
    else:
        cutoffs = ", ".join(f"{name} from {value:.1%}" for name, value in told["cutoffs"].items())
        st.metric("Risk of readmission", f"{told['readmission_risk']:.1%}", told["status"], delta_color="off",
                  help=f"Probability of an unplanned admission within 30 days. {cutoffs}.")  # fmt: skip
        st.write(f"{told['status']} risk ({cutoffs}).")
    if told.get("provisional"):
        st.warning(PROVISIONAL)
    for warning in told.get("warnings", []):
        st.warning(warning)
    st.caption(f"{told['model']}, version {told['model_version']}, request {told['request_id']}")
    drivers = told.get("drivers") or []
    if drivers:
        frame = pl.DataFrame(drivers).select("label", "contribution")
        charts.show("What drove the answer", "How far each input moved it from an average patient's, in its unit.",
                    frame, charts.bars(frame, "label", "contribution", is_flat=True, label="input"))  # fmt: skip


def upload(user: SignedIn) -> None:
    """A CSV, scored in batches with a progress bar, and the answers as a CSV."""
    st.subheader(
        "Score a file",
        help=f"CSV with {', '.join(uploads.NEEDED)}, for the cost {CLASS}; further: {', '.join(uploads.FIELDS)}.",
    )
    most = uploads.MOST_ROWS if _may_batch(user) else uploads.MOST_ROWS_ONE_BY_ONE
    st.caption(f"Up to {most:,} rows." + ("" if _may_batch(user) else " With the role scorer as well, 100,000."))
    kinds = _answering(user)
    if not kinds:
        return
    kind = st.radio("What to predict for each row", kinds, horizontal=True, key="upload kind")
    given = st.file_uploader("CSV file", type="csv")
    if given is None:
        return
    of = (given.file_id, kind)
    if st.button("Score the file"):
        try:
            rows = uploads.patients(given.getvalue(), most)
        except uploads.UploadRefused as refused:
            st.error(str(refused))
            return
        # kept in this session: asking for the download runs the page again, in which no button is pressed
        st.session_state[_SCORED] = of, rows.hstack(uploads.answers(_score(user, _KINDS[kind][0], rows)))
    known, scored = st.session_state.get(_SCORED, (None, None))
    if known == of and scored is not None:
        st.success(f"{scored.height:,} rows scored.")
        st.dataframe(harmless(scored.head(100)), hide_index=True, width="stretch")
        charts.offer("Download the answers", lambda: csv_bytes(scored), "scored.csv", "text/csv")


def _may_batch(user: SignedIn) -> bool:
    return bool(user.roles & {"scorer", "admin"})


def _score(user: SignedIn, path: str, rows: pl.DataFrame) -> list[dict[str, Any]]:
    bar, answers = st.progress(0.0, "Scoring"), list[dict[str, Any]]()
    # the gateway takes batches of scorers only; a clinician's rows go one by one, as from the form
    is_batch = _may_batch(user)
    for patients in uploads.chunks(rows, uploads.CHUNK if is_batch else 1):
        if is_batch:
            answers += gateway.ask(user, "POST", f"{path}/batch", {"patients": patients})["predictions"]
        else:
            answers.append(gateway.ask(user, "POST", path, patients[0]))
        bar.progress(len(answers) / rows.height, f"{len(answers):,} of {rows.height:,}")
    return answers
