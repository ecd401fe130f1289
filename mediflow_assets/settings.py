"""What can be set, from the environment (`MEDIFLOW_*`). Read by the code location and the command only."""

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from mediflow_assets.contracts.publish import Publish
from mediflow_assets.contracts.shares import Shares
from mediflow_assets.contracts.time_zones import time_zone
from mediflow_assets.contracts.vocabulary import OPEN_STAY_DAYS
from mediflow_assets.engine_settings import EngineSettings
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.secrets.pseudonym_key import PseudonymKey

if TYPE_CHECKING:
    # the gateway reads settings too, and loads neither storage nor what reads deliveries
    from mediflow_assets.ingest.inbox import Inbox
    from mediflow_assets.sources import Feeds
    from mediflow_assets.storage.lease import Lock


class Settings(EngineSettings):
    """Where state lives and which engine answers. All paths default to places below `home`."""

    model_config = SettingsConfigDict(env_prefix="MEDIFLOW_", frozen=True, extra="ignore")

    home: Path = Field(Path(".mediflow"), description="the folder of everything that MediFlow keeps")
    lake: str | None = Field(None, description="root of the tables: a folder or an s3:// URI; default <home>/lake")
    inbox_uri: str | None = Field(
        None, validation_alias="MEDIFLOW_INBOX", description="an s3:// URI: what is dropped there is delivered too"
    )
    database_url: str | None = Field(
        None,
        description="the database of users, the audit log and, if it is PostgreSQL, the lease of the lake; "
        "default SQLite, <home>/ops.db",
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        validation_alias="MLFLOW_TRACKING_URI",
        description="the model registry; default SQLite, <home>/mlflow/mlflow.db",
    )
    artifacts: str | None = Field(
        None,
        description="where the registry's files go, a folder or an s3:// URI, unless its server keeps them; default "
        "<home>/mlflow/artifacts",
    )
    dagster_config: Path | None = Field(
        None, description="the dagster.yaml to install in the home; default the one that comes along"
    )
    alert_webhook: str | None = Field(None, description="a URL: failed runs and stale tables are posted to it")
    timezone: str | None = Field(
        None,
        description="the IANA time zone of the hospital, such as America/New_York: of times without an offset, and of "
        "days; default UTC",
    )
    open_stay_days: int = Field(
        OPEN_STAY_DAYS, ge=1, description="days that an inpatient stay without an end is taken to last at most"
    )
    landing: Literal["off", "batch", "continuous"] = Field(
        "off", description="how events of the topic come in: not at all, by the daemon's runs, or by 'stream serve'"
    )
    kafka: str = Field(
        "127.0.0.1:9092",
        pattern=r"^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$",
        description="the brokers of the topic: host:port, several by commas",
    )
    kafka_properties: Path | None = Field(None, description="a file of Kafka client properties: security.protocol, …")
    topic: str = Field(
        "encounter-events", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="the topic that events come from"
    )
    alerts_topic: str = Field(
        "encounter-alerts", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="the topic that alerts go to"
    )
    max_records_per_run: int = Field(500_000, ge=1, description="most messages of the topic that one run lands")
    stream_interval_seconds: int = Field(5, ge=1, description="seconds between two looks of the daemon at the topic")
    stream_memory: str = Field("2g", pattern=r"^[1-9][0-9]*[mg]$", description="memory of the streaming service's JVM")
    stream_cores: int = Field(4, ge=1, description="threads of the streaming service beyond one for each partition")
    metrics_host: str = Field("127.0.0.1", description="the address on which the streaming service shows its metrics")
    alerts_batch_seconds: int = Field(
        300, ge=5, description="seconds after which the alerts' query notes how far it is, and takes in new baselines"
    )
    metrics_port: int = Field(
        9108, ge=0, le=65535, description="the port of the streaming service's metrics; 0 for none"
    )
    lease_wait_seconds: float = Field(600, ge=0, description="seconds that runs of the daemon wait for the lake")
    inbox_rest_seconds: float = Field(
        5, ge=0, description="seconds that a file in the inbox must not have been written for before it is taken"
    )
    max_expansion: int = Field(
        200, ge=2, description="how many times its size a compressed delivery may unpack to, beyond 16 MiB"
    )
    max_unpacked_bytes: int = Field(
        64 << 30, ge=1 << 20, description="most bytes that a compressed delivery may unpack to"
    )
    max_rejects: int = Field(
        100_000,
        ge=0,
        description="most records of a delivery that cannot be split into fields; past it the delivery is refused",
    )
    max_record_bytes: int = Field(
        256 << 20, ge=1 << 20, description="most bytes of one record; past it the delivery is refused"
    )
    quarantine_warn_share: float = Field(
        0.05, ge=0, le=1, description="share of a delivery that may be refused before a check warns"
    )
    quarantine_fail_share: float = Field(
        0.5, ge=0, le=1, description="share of a delivery that may be refused before a run stops"
    )
    quarantine_least_records: int = Field(
        20, ge=1, description="records of a delivery from which on its refused share stops a run; below, it warns"
    )
    publish: Publish = Field(
        "month", description="masked tables show what has come once such a period closes; 'run': after every run"
    )
    omop: bool = Field(False, description="make the OMOP tables in every run; else only where they are asked for")
    omop_dates: Literal["shifted", "real"] = Field("shifted", description="dates of OMOP: moved by person, or as told")
    omop_vocabulary: Path | None = Field(None, description="the folder of OMOP's vocabularies, as Athena gives them")
    cors_origins: str = Field("", description="origins of web pages that may call the gateway, divided by commas")
    ui_hosts: str = Field(
        "", description="further host names of the Dagster UI, divided by commas, where a proxy stands before it"
    )
    requests_per_minute: int = Field(30_000, ge=1, description="requests a minute that one user may send")
    keep_predictions_days: int = Field(90, ge=1, description="days that the gateway's predictions are kept, for drift")
    keep_versions_hours: int = Field(168, ge=1, description="hours that old versions of tables are kept")

    @model_validator(mode="after")
    def _has_a_time_zone(self) -> "Settings":
        if self.timezone is not None:
            time_zone(self.timezone, "MEDIFLOW_TIMEZONE")
        return self

    @model_validator(mode="after")
    def _has_plain_paths(self) -> "Settings":
        # the embedded engine finds no table below a path with a blank or a letter that is not ASCII
        if not re.fullmatch(r"[A-Za-z0-9_./:@+,=~-]+", self.lake_root):
            raise SettingsInvalid(
                "The lake's path holds a blank or a special letter, which the engine cannot read: set MEDIFLOW_HOME "
                "to a path of plain letters, digits, '.', '_' and '-'."
            )
        return self

    @cached_property
    def root(self) -> Path:
        """`home`, absolute."""
        return self.home.expanduser().absolute()

    def require_home(self) -> None:
        """Raise SettingsInvalid where there is no home: its name may be mistyped."""
        if not any((self.root / part).exists() for part in ("secrets", "ops.db", "lake")):
            raise SettingsInvalid(
                "There is no MediFlow home where MEDIFLOW_HOME points to (.mediflow where it is not set). Set it to "
                "the home's folder, or make a new one with 'mediflow init'."
            )

    @property
    def lake_root(self) -> str:
        """The root of the tables."""
        return self.lake or str(self.root / "lake")

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where all of it lies on this machine: the home, and the lake if that is a folder elsewhere."""
        return (self.root,) if "://" in self.lake_root else (self.root, Path(self.lake_root))

    @property
    def inbox(self) -> Path:
        """Where deliveries are put."""
        return self.root / "inbox"

    def open_inbox(self, feeds: "Feeds") -> "Inbox":
        """The inbox, with what its files are recognised by and what a delivery may ask for."""
        from mediflow_assets.ingest.inbox import Inbox
        from mediflow_assets.sources import Limits

        limits = Limits(self.max_expansion, self.max_unpacked_bytes, self.max_rejects, self.max_record_bytes)
        return Inbox(self.inbox, feeds, limits, self.inbox_rest_seconds)

    @property
    def shares(self) -> Shares:
        """How much of a delivery may be refused."""
        return Shares(self.quarantine_warn_share, self.quarantine_fail_share, self.quarantine_least_records)

    @property
    def lock(self) -> "Lock":
        """Where the lease of the lake is kept."""
        from mediflow_assets.storage.lease import lock_of

        return lock_of(self.root, self.ops_url)

    @property
    def spark_jars(self) -> Path:
        """Where the JVM artifacts of deploy/jars are."""
        return Path("~/.cache/mediflow/jars/spark").expanduser()

    @property
    def secrets(self) -> Path:
        """Keys, mode 0600."""
        return self.root / "secrets"

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage."""
        return self.root / "dagster"

    @property
    def ui_host_names(self) -> frozenset[str]:
        """The names of `ui_hosts`."""
        return frozenset(name for each in self.ui_hosts.split(",") if (name := each.strip().lower()))

    @property
    def logs(self) -> Path:
        """What the processes of `mediflow up` print."""
        return self.root / "logs"

    @property
    def sources_file(self) -> Path:
        """The hospital's own header mappings."""
        return self.root / "sources.toml"

    @property
    def ops_url(self) -> str:
        """The database of users and audit."""
        return self.database_url or f"sqlite:///{self.root / 'ops.db'}"

    @property
    def tracking_uri(self) -> str:
        """The registry of models."""
        return self.mlflow_tracking_uri or f"sqlite:///{self.root / 'mlflow' / 'mlflow.db'}"

    @property
    def artifacts_uri(self) -> str | None:
        """Where the registry keeps its files; None where its server decides."""
        if self.tracking_uri.startswith("http"):
            return None
        return self.artifacts or (self.root / "mlflow" / "artifacts").as_uri()

    @property
    def audit_head(self) -> Path:
        """The head of the audit chain, outside its database."""
        return self.root / "audit.head"

    def pseudonym_key(self) -> PseudonymKey:
        """The key of the pseudonyms. Raises SecretMissing where `mediflow init` has not been run."""
        return PseudonymKey.load(self.secrets)
