"""`init` and `reset`: what they make, what they leave alone."""

import stat
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from mediflow_assets.cli.summary import SAMPLE_ZONE, zone_of_sample
from mediflow_assets.contracts.admissions import SOURCE
from mediflow_assets.identity.users import Users
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.lease import lake_lease

Run = Callable[..., Result]


def test_init_prints_the_first_password_once_and_it_opens_the_account(mediflow: Run, home: Path) -> None:
    password = mediflow("init").stdout.rsplit("once: ", 1)[1].strip()
    assert Users(f"sqlite:///{home / 'ops.db'}").verify("admin", password).roles == ("admin",)
    assert all(password.encode() not in file.read_bytes() for file in home.rglob("*") if file.is_file())


def test_a_second_init_changes_nothing_and_says_what_is_there(mediflow: Run, home: Path) -> None:
    mediflow("init")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    again = mediflow("init")
    assert again.exit_code == 0 and "There already: home, pseudonym key, sources.toml, admin" in again.stdout
    assert "Password" not in again.stdout
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_only_the_owner_may_look_into_the_home(mediflow: Run, home: Path) -> None:
    mediflow("init")
    closed = (home, home / "secrets", home / "secrets" / "pseudonym.key", home / "ops.db")
    assert [stat.S_IMODE(path.stat().st_mode) for path in closed] == [0o700, 0o700, 0o600, 0o600]


def test_init_refuses_a_second_key_beside_tables_of_the_first(mediflow: Run, home: Path, patients: None) -> None:
    refused = mediflow("init")
    assert refused.exit_code == 1 and "Restore the secrets folder" in refused.stderr
    assert not (home / "secrets").exists()


def test_reset_removes_what_was_computed_and_keeps_keys_and_users(mediflow: Run, home: Path) -> None:
    mediflow("init")
    (home / "lake" / "silver").mkdir(parents=True)
    assert mediflow("reset", piped="reset\n").exit_code == 0
    kept = {path.name for path in home.iterdir() if path.suffix not in (".db-wal", ".db-shm")}
    assert kept == {"secrets", "ops.db", "audit.head", "sources.toml", "lake.lock"}


def test_reset_of_all_removes_keys_and_users_too(mediflow: Run, home: Path) -> None:
    mediflow("init")
    mediflow("reset", "--all", "--yes")
    assert {path.name for path in home.iterdir()} == {"lake.lock"}


def test_reset_without_its_word_removes_nothing(mediflow: Run, home: Path) -> None:
    (home / "lake").mkdir(parents=True)
    assert mediflow("reset", piped="yes\n").exit_code == 1
    assert mediflow("reset").exit_code == 1
    assert (home / "lake").exists()


def test_reset_is_refused_while_a_run_holds_the_lake(mediflow: Run, home: Path) -> None:
    (home / "lake").mkdir(parents=True)
    with lake_lease(home / "lake.lock", "run 7"):
        refused = mediflow("reset", "--yes")
    assert refused.exit_code == 1 and "run 7" in refused.stderr and (home / "lake").exists()


def test_reset_removes_a_link_but_not_what_it_points_to(mediflow: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    home.mkdir()
    (home / "lake").symlink_to(tmp_path / "disk")
    assert mediflow("reset", "--yes").exit_code == 0
    assert not (home / "lake").is_symlink() and (tmp_path / "disk").exists()


def test_generate_writes_deliveries_and_their_truth(mediflow: Run, tmp_path: Path) -> None:
    made = mediflow("generate", "--rows", 300, "--seed", 1, "--out", tmp_path / "h")
    assert made.exit_code == 0 and (tmp_path / "h" / "truth" / "summary.json").exists()
    assert mediflow("generate", "--rows", 300, "--seed", 1, "--out", tmp_path / "h").exit_code == 1


def test_the_sample_is_in_a_zone_of_its_own_unless_the_home_has_one(mediflow: Run, home: Path) -> None:
    mediflow("init")
    settings = Settings(home=home)
    assert zone_of_sample(settings) == zone_of_sample(settings) == SAMPLE_ZONE != "UTC"
    text = settings.sources_file.read_text()
    assert text.count("[systems.") == 1 and Feeds.load(settings.sources_file).zone_of(SOURCE.system) == SAMPLE_ZONE
    settings.sources_file.unlink()
    assert zone_of_sample(Settings(home=home, timezone="Europe/Berlin")) == "Europe/Berlin"
    settings.sources_file.write_text('[systems.admissions]\nnamespace = "north"\n')
    assert zone_of_sample(settings) is None and len(settings.sources_file.read_text().splitlines()) == 2


def test_generate_refuses_a_zone_that_is_none(mediflow: Run, tmp_path: Path) -> None:
    refused = mediflow("generate", "--out", str(tmp_path / "out"), "--timezone", "Mars/Olympus")
    assert refused.exit_code == 1 and "--timezone: expected an IANA time zone" in refused.stderr
