"""What the demo says of its sample."""

from mediflow_assets.cli import summary


def told(**held: bool) -> list[str]:
    checks = [{"name": name, "passed": passed} for name, passed in held.items()]
    return list(summary.warnings(checks, [True, False]))


def test_each_warning_of_the_sample_is_explained() -> None:
    drift, volume = told(delivery_volume=False, quarantine_rate=True)
    assert drift.startswith("1 of 2 inputs") and "updates only" in volume
    assert len(told(delivery_volume=True)) == 1
