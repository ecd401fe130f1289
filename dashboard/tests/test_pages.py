"""Each page x role x {normal, empty lake, gateway down, stale data}: the right figures, or a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.gateway import GatewayProblem, SessionEnded
from dashboard.session import PAGES_OF
from dashboard.tests.expected import EXPECTED
from dashboard.tests.lakes import age, fill
from dashboard.views import PAGES
from mediflow_assets_tests.toy_model import CONTRACT, registered

Open = Callable[..., Any]
STATES = ("normal", "empty lake", "gateway down", "stale data")
OF_GATEWAY = ("predictions", "governance")


def texts(page: Any) -> str:
    """Every sentence of a page."""
    parts = [*page.info, *page.warning, *page.error, *page.caption, *page.markdown, *page.success]
    return "\n".join(str(part.value) for part in parts)


def metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A home for each state."""
    found = {state: tmp_path_factory.mktemp("state") for state in STATES}
    for state in STATES:
        if state != "empty lake":
            fill(found[state])
    age(found["stale data"], days=3)
    return found


def _is_quick(name: str, role: str, state: str) -> bool:
    """Every page for every role as it is on most days, and in every other state for the first role that it opens to."""
    return state == "normal" or role == next(role for role, pages in PAGES_OF.items() if name in pages)


@pytest.mark.parametrize(
    ("name", "role", "state"),
    [
        pytest.param(name, role, state, marks=() if _is_quick(name, role, state) else pytest.mark.slow)
        for name in PAGES
        for role in PAGES_OF
        for state in STATES
    ],
)
def test_each_page_for_each_role_in_each_state(
    name: str,
    role: str,
    state: str,
    lakes: dict[str, Path],
    open_page: Open,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDIFLOW_HOME", str(lakes[state]))
    monkeypatch.setenv("MEDIFLOW_GATEWAY_URL", "http://127.0.0.1:9")
    if state != "gateway down":
        request.getfixturevalue("replies")
    page = open_page(name, role)
    is_allowed = name in PAGES_OF[role]
    assert ("Your roles do not open this page" in texts(page)) is not is_allowed
    if not is_allowed:
        assert not page.dataframe and not page.metric
    elif state == "empty lake":
        assert ("No stream is running" if name == "stream" else "To fill it, run 'mediflow run") in texts(page)
    else:
        EXPECTED[name](page)
        assert ("The data is 72 hours old; 24 is the promise" in texts(page)) is (state == "stale data")
        assert ("The gateway does not answer" in texts(page)) is (state == "gateway down" and name in OF_GATEWAY)


def test_a_table_past_the_promise_is_told_as_late(lakes: dict[str, Path], open_page: Open, monkeypatch: Any) -> None:
    monkeypatch.setenv("MEDIFLOW_HOME", str(lakes["stale data"]))
    assert "0 of" in texts(open_page("quality", "analyst")) and "keep the promise of 24 h" in texts(
        open_page("quality", "analyst")
    )


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_changes_with_the_tables(name: str, filled: Path, open_page: Open, replies: Any) -> None:
    roles = tuple(role for role in PAGES_OF if name in PAGES_OF[role])[:1]
    before = open_page(name, *roles)
    fill(filled, seed=2)
    after = open_page(name, *roles)
    of_gateway = {"Pseudonym key", "Age of the key", "Audit log"}
    same = {label for label, value in metrics(before).items() if metrics(after)[label] == value}
    assert same <= {"Tables with grade A", *of_gateway}
    titles = _tables(before)
    unchanged = {title for title, table in titles.items() if table.equals(_tables(after)[title])}
    # these come from the contracts, the gateway, or stay as they are in both lakes
    assert unchanged <= {
        "Last accesses",
        "What is masked, column by column",
        "Asset graph",
        "Column lineage",
        "How well people are hidden",
        "Freshness",
        "Versions",
        "Suppressed cells",
    }


def _tables(page: Any) -> dict[str, Any]:
    """Title → table, in the order of the page: each title with a table comes with one of each."""
    labels = [each.label.removeprefix("Table and download: ") for each in page.expander if "Table and" in each.label]
    return dict(zip(labels, [each.value for each in page.dataframe], strict=True))


def test_a_token_that_is_refused_in_use_leads_to_one_sign_in_form(filled: Path, open_page: Open, replies: Any) -> None:
    replies["/governance/status"] = replies["/governance/audit?limit=50"] = SessionEnded("ended")
    page = open_page("governance", "privacy_officer")
    assert "Your session has ended. Sign in again." in texts(page)
    assert [each.label for each in page.text_input] == ["Name", "Password"]


def test_a_filter_of_the_url_that_no_table_holds_is_ignored(filled: Path, open_page: Open) -> None:
    page = open_page("executive", "analyst", department="'; DROP TABLE", period="1066")
    assert page.selectbox(key="executive department").value == "all"
    assert page.query_params["period"] in ("2024", ["2024"])


def test_a_table_that_is_rewritten_under_a_page_is_a_sentence(filled: Path, open_page: Open) -> None:
    for file in (filled / "lake/masked/encounters").glob("*.parquet"):
        file.write_bytes(b"gone")
    page = open_page("clinical", "clinician")
    assert "masked/encounters could not be read at version" in texts(page)
    assert len(page.dataframe) >= 3


def test_a_log_that_is_half_written_is_a_sentence(filled: Path, open_page: Open) -> None:
    for file in (filled / "lake/masked/monthly_census/_delta_log").glob("*.json"):
        file.write_bytes(b'{"add": ')
    page = open_page("clinical", "clinician")
    assert "masked/monthly_census could not be opened" in texts(page)
    assert "Traceback" not in texts(page)


def form_kinds(page: Any) -> list[str]:
    """What the form can predict."""
    return next((each.options for each in page.radio if each.label == "What to predict"), [])


def test_a_model_without_a_champion_disables_only_itself(filled: Path, open_page: Open, replies: Any) -> None:
    page = open_page("predictions", "clinician")
    assert form_kinds(page) == ["Treatment cost"]
    assert "no version of readmission-risk answers yet" in texts(page)
    replies["/models"] = {
        "models": [{"name": "treatment-cost", "version": None}, {"name": "readmission-risk", "version": "1"}]
    }
    replies["/models/treatment-cost"] = GatewayProblem("The gateway has nothing to serve yet.")
    replies["/models/readmission-risk"] = {
        "version": "1",
        "card": "#",
        "inputs": [{"name": "diagnosis_code", "allowed": ["I50.9"]}],
    }
    page = open_page("predictions", "clinician")
    assert form_kinds(page) == ["30-day readmission"]
    assert "no version of treatment-cost answers yet" in texts(page)
    assert "I50.9" in next(each.options for each in page.selectbox if each.label == "Diagnosis code")


def test_another_model_is_asked_for_and_told_in_its_own_words(filled: Path, open_page: Open, replies: Any) -> None:
    replies["/models"] = {"models": [{"name": CONTRACT.name, "version": "1"}]}
    replies[f"/models/{CONTRACT.name}"] = {"version": "1", "card": "#", "inputs": []}
    replies[f"{CONTRACT.path}?explain=true"] = dict(CONTRACT.api.example)
    with registered():
        page = open_page("predictions", "clinician")
        assert form_kinds(page) == ["Length of stay"]
        assert "People who came along (optional)" in [each.label for each in page.number_input]
        next(each for each in page.button if each.label == "Predict").click().run()
    assert metrics(page)["Expected stay"] == "4.2 days"
    assert "90% of such stays lie between 1.5 days and 9.0 days." in texts(page)


def test_a_provisional_model_is_told_with_its_card(filled: Path, open_page: Open, replies: Any) -> None:
    assert "provisional" not in texts(open_page("predictions", "clinician"))
    replies["/models/treatment-cost"] = replies["/models/treatment-cost"] | {"provisional": True}
    assert "This model is provisional" in texts(open_page("predictions", "clinician"))


def test_nobody_is_named_in_a_table(filled: Path, open_page: Open, replies: Any) -> None:
    for name in PAGES:
        page = open_page(name, *PAGES_OF)
        for table in page.dataframe:
            assert not {"patient_key", "encounter_key", "alert_id"} & set(table.value.columns)
        assert "777" not in "".join(table.value.to_csv() for table in page.dataframe)
