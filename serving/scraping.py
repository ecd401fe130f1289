"""The scrape token: what opens `/metrics` for Prometheus."""

from mediflow_assets.secrets.secret_files import make_secret, read_secret
from mediflow_assets.settings import Settings

SCRAPE_TOKEN = "metrics.token"  # noqa: S105


def scrape_token(settings: Settings) -> str:
    """64 hex digits that open `/metrics` and nothing else; made at the gateway's first start.

    Access tokens live for minutes, and a scraper has no password to fetch new ones.
    """
    make_secret(settings.secrets / SCRAPE_TOKEN)
    return read_secret(settings.secrets / SCRAPE_TOKEN, "scrape token").hex()
