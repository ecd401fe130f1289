"""docs/streaming.md says of the event what the contract says."""

from pathlib import Path

from mediflow_assets.contracts.events import CLINICAL_LIMITS_MMHG, FIELDS, EventType
from mediflow_assets.transforms.messages import BROKEN

TEXT = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text(encoding="utf-8")


def test_every_field_is_written_down() -> None:
    for field in FIELDS:
        required = "yes" if field.is_required else ""
        assert f"| `{field.name}` | {field.type} | {field.unit or ''} | {required} | {field.description} |" in TEXT


def test_types_reasons_and_limits_are_written_down() -> None:
    assert all(f"| `{kind}` |" in TEXT for kind in EventType)
    assert all(code in TEXT for code in BROKEN)
    assert all(f"outside {low} to {high} mmHg" in TEXT for low, high in CLINICAL_LIMITS_MMHG.values())
