"""Messages that no pipeline should take, and none should fall over."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

_DEEP = 3_000
_MEGABYTE = 1_000_000
Make = Callable[[dict[str, Any], dt.datetime], bytes | None]


def _with(**changed: Any) -> Make:
    return lambda told, _: json.dumps({k: v for k, v in (told | changed).items() if v is not ...}).encode()


def _text(make: Callable[[str], str]) -> Make:
    return lambda told, _: make(json.dumps(told)).encode()


_MAKERS: dict[str, Make] = {
    "tombstone": lambda *_: None,
    "empty": lambda *_: b"",
    "blank": lambda *_: b" \n ",
    "not_json": lambda *_: b"patient P1 was admitted",
    "truncated": lambda told, _: json.dumps(told).encode()[:-30],
    "trailing_text": _text(lambda text: text + " {}"),
    "bad_utf8": lambda told, _: json.dumps(told).encode().replace(b"urgent", b"\xff\xfe\xc0"),
    "lone_surrogate": _text(lambda text: text.replace("urgent", "\\ud800")),
    "byte_order_mark": lambda told, _: b"\xef\xbb\xbf" + json.dumps(told).encode(),
    "array": lambda told, _: json.dumps([told]).encode(),
    "string": lambda *_: b'"admit"',
    "repeated_field": _text(lambda text: text[:-1] + ', "cost": 1}'),
    "nan": _with(cost=float("nan")),
    "infinity": _with(cost=float("inf")),
    "overflow": _text(lambda text: text.replace('"cost": 10.0', '"cost": 1e999')),
    "too_deep": lambda told, _: json.dumps(told).encode()[:-1] + b', "x": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    "megabyte": _with(payer="x" * _MEGABYTE),
    "event_id_missing": _with(event_id=...),
    "event_id_null": _with(event_id=None),
    "patient_id_missing": _with(patient_id=...),
    "patient_id_object": _with(patient_id={"value": "P1"}),
    "patient_id_list": _with(patient_id=["P1"]),
    "type_unknown": _with(event_type="teleport"),
    "type_number": _with(event_type=7),
    "version_unknown": _with(event_version=99),
    "occurred_at_missing": _with(occurred_at=...),
    "occurred_at_unreadable": _with(occurred_at="noon"),
    "occurred_in_1800": _with(occurred_at="1800-01-01T00:00:00Z"),
    "occurred_in_future": lambda told, now: _with(occurred_at=_future(now))(told, now),
    "admitted_in_1800": _with(admission_date="1800-01-01"),
    "admitted_in_future": lambda told, now: _with(admission_date=_future(now))(told, now),
    "age_negative": _with(age=-4),
    "age_250": _with(age=250),
    "age_text": _with(age="forty-two"),
    "cost_negative": _with(cost=-10),
    "cost_text": _with(cost="a lot"),
    "formula": _with(department='=HYPERLINK("http://example.org")'),
    "sql": _with(diagnosis_code="'; DROP TABLE encounters; --"),
    "discharged_before_admission": _with(discharge_date="2001-01-01T00:00:00Z"),
    "blood_pressure_swapped": _with(blood_pressure="80/120"),
}
KINDS = tuple(_MAKERS)


def _future(now: dt.datetime) -> str:
    return (now + dt.timedelta(days=4_000)).isoformat()


def poison(name: str, kind: str, now: dt.datetime) -> bytes | None:
    """A message's value of a kind; its ids say that it is poison."""
    at = (now - dt.timedelta(days=3)).replace(microsecond=0).isoformat()
    told = {
        "event_id": name,
        "event_type": "admit",
        "occurred_at": at,
        "patient_id": f"POISON-{name}",
        "encounter_id": f"POISON-{name}",
        "encounter_class": "inpatient",
        "gender": "F",
        "department": "CARDIOLOGY",
        "diagnosis_code": "I21.4",
        "admission_date": at,
        "admission_type": "urgent",
        "cost": 10.0,
    }
    return _MAKERS[kind](told, now)
