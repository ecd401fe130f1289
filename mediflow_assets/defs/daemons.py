"""Whether Dagster's daemons are alive: nothing that arrives is run without them."""

import dagster as dg


def silent_daemons() -> list[str]:
    """The daemons that have to run and have not been heard of lately, by Dagster's own storage."""
    with dg.DagsterInstance.get() as instance:
        statuses = instance.get_daemon_statuses()
    return sorted(name for name, status in statuses.items() if status.required and not status.healthy)
