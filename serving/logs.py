"""Structured logs: one JSON object a line on stderr, of our own fields only; no body, no query, no value."""

import datetime as dt
import json
import logging

FIELDS = ("action", "status", "ms", "request_id", "count", "error")


class JsonLines(logging.Formatter):
    """Time, level, logger, message and the fields named above. Of an exception only the class: its text may tell."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        is_ours = record.name.startswith("mediflow")
        told = {"at": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name}
        # what others log may hold anything
        told["message"] = record.getMessage() if is_ours else str(record.msg).split("%")[0][:100]
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told)


def configure(level: int = logging.INFO) -> None:
    """All loggers of the process write JSON lines; those of libraries warnings only."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mediflow").setLevel(level)
