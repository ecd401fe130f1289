"""What the cluster's stores have to hold before the services start: databases and roles, buckets, topics.

Each function makes what is missing and leaves the rest; passwords of roles are set to what the secrets say.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mediflow_assets.errors import EngineUnreachable
from mediflow_assets.objects import make_bucket

TOPICS = {"encounter-events": 4, "encounter-alerts": 1}
"""Topic → partitions."""
_KEPT_MS = str(7 * 24 * 3600 * 1000)
"""How long the broker keeps events: they name patients, and stand in Bronze by then."""


def make_databases(admin_url: str, secrets: Path, roles: tuple[str, ...]) -> None:
    """A role and a database of its own for each name; no role may open another one's database."""
    import sqlalchemy as sa

    database = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with database.connect() as connection:
            quote = database.dialect.identifier_preparer.quote
            for role in roles:
                has_role = connection.execute(
                    sa.text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role}
                ).scalar()
                verb = "ALTER" if has_role else "CREATE"
                word = (secrets / f"role-{role}").read_text(encoding="ascii")
                # a statement of this kind takes no parameters; the password is hexadecimal
                assert word.isalnum()
                connection.exec_driver_sql(f"{verb} ROLE {quote(role)} LOGIN PASSWORD '{word}'")
                known = sa.text("SELECT 1 FROM pg_database WHERE datname = :r")
                if not connection.execute(known, {"r": role}).scalar():
                    connection.exec_driver_sql(f"CREATE DATABASE {quote(role)} OWNER {quote(role)}")
                connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {quote(role)} FROM PUBLIC")
    except sa.exc.SQLAlchemyError as error:
        raise EngineUnreachable(f"The databases cannot be made: {type(error).__name__}. Is PostgreSQL up?") from None
    finally:
        database.dispose()


def make_buckets(uris: Sequence[str]) -> None:
    """The buckets of these `s3://` URIs."""
    for uri in uris:
        try:
            make_bucket(uri)
        except OSError as error:
            raise EngineUnreachable(f"The bucket of {uri} cannot be made: {type(error).__name__}.") from None


def make_topics(servers: str, topics: Mapping[str, int] = TOPICS) -> None:
    """The topics, each with so many partitions; the broker dates their events, and keeps them a week."""
    from mediflow_assets.streaming.broker import Broker
    from mediflow_assets.streaming.producing import make_topic

    for name, partitions in topics.items():
        make_topic(Broker(servers), name, partitions, {"retention.ms": _KEPT_MS})
