"""What runs, and when: jobs, schedules and sensors, from Dagster's definitions."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from documents.markdown import code, page, table

_SOURCE = "the definitions of `mediflow_assets/definitions.py`"
_HEAD = """Schedules and sensors work while Dagster's daemon does (`mediflow up`, or the cluster). One run at a time.
Times of schedules are UTC."""
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def triggers_page(defs: dg.Definitions) -> str:
    """Jobs, schedules, sensors."""
    jobs = [(code(job.name), job.description) for job in _sorted(defs.jobs)]
    schedules = [
        (code(each.name), code(each.job_name), when(str(each.cron_schedule)), each.description, _is_on(each))
        for each in _sorted(defs.schedules)
    ]
    sensors = [
        (code(each.name), each.description, f"{each.minimum_interval_seconds} s", _is_on(each))
        for each in _sorted(defs.sensors)
    ]
    return page(
        _SOURCE,
        "Jobs, schedules and sensors",
        _HEAD,
        "## Jobs",
        table(("job", "does"), jobs),
        "## Schedules",
        table(("schedule", "job", "when", "why", "on by default"), schedules),
        "## Sensors",
        table(("sensor", "does", "looks at least every", "on by default"), sensors),
    )


def when(cron: str) -> str:
    """A daily or weekly cron line in words."""
    minute, hour, _, _, day = cron.split()
    on = "each day" if day == "*" else f"each {_DAYS[int(day)]}"
    return f"{on} at {int(hour):02}:{int(minute):02}"


def _sorted(found: Iterable[Any] | None) -> list[Any]:
    return sorted(found or (), key=lambda each: str(each.name))


def _is_on(trigger: Any) -> str:
    return "yes" if trigger.default_status.value == "RUNNING" else "no"
