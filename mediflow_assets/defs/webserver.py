"""`python -m mediflow_assets.defs.webserver …`: dagster-webserver, with its options, for its own pages only."""

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware

from mediflow_assets.defs.same_origin import SameOrigin
from mediflow_assets.settings import Settings


class GuardedWebserver(DagsterWebserver):  # type: ignore[misc, type-arg]
    """Dagster's webserver behind `SameOrigin`."""

    def build_middleware(self) -> list[Middleware]:
        """The guard first, then Dagster's own."""
        return [Middleware(SameOrigin, hosts=Settings().ui_host_names), *super().build_middleware()]


if __name__ == "__main__":
    # Dagster's command makes the app of the class that this module names
    app.DagsterWebserver = GuardedWebserver  # type: ignore[attr-defined]
    cli.main()  # type: ignore[no-untyped-call]
