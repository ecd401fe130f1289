"""Later versions, stale versions and duplicates: where the lists say, and of the effect they say."""

from collections import defaultdict

UPDATES = "admissions-updates.csv"


def versions_before(output):
    """Versions in the files of the years, by encounter."""
    found = defaultdict(list)
    for file, _, row in output.good_records():
        if file != UPDATES:
            found[row["encounter_id"]].append(row)
    return found


def test_a_duplicate_is_the_same_bytes_delivered_later(hospital):
    first_seen = {}
    for file in hospital.lines:
        for number, line in enumerate(hospital.lines[file]):
            first_seen.setdefault(line, (file, number))
    for row in hospital.listed("duplicates"):
        assert first_seen[hospital.line_of(row)] < (row["file"], int(row["record_number"]))


def test_one_encounter_in_two_hundred_is_delivered_twice(hospital):
    listed = hospital.listed("duplicates")
    assert len(listed) == 25 == hospital.summary["duplicates"]
    assert all(hospital.fields_of(row)["encounter_id"] == row["encounter_id"] for row in listed)


def test_duplicates_come_in_the_same_file_and_in_later_ones(large_hospital):
    own_year = [
        row["file"] == f"admissions-{large_hospital.fields_of(row)['admission_date'][:4]}.csv"
        for row in large_hospital.listed("duplicates")
    ]
    assert 0.3 < sum(own_year) / len(own_year) < 0.7


def test_a_later_version_wins_if_and_only_if_the_list_says_so(hospital):
    before = versions_before(hospital)
    for row in hospital.listed("updates"):
        version = hospital.fields_of(row)
        earlier = max(each["updated_at"] for each in before[row["encounter_id"]])
        assert (version["updated_at"] > earlier) == (row["wins"] == "true")
        assert version["updated_at"] != earlier


def test_every_later_version_changes_something(hospital):
    before = versions_before(hospital)
    for row in hospital.listed("updates"):
        version = hospital.fields_of(row)
        changed = {name for name in version if version[name] != before[row["encounter_id"]][0][name]}
        assert changed & {"cost", "diagnosis_code", "discharge_date"}


def test_the_shares_of_later_versions_are_as_planted(hospital):
    wins = [row["wins"] for row in hospital.listed("updates")]
    assert (wins.count("true"), wins.count("false")) == (100, 10)


def test_some_updates_end_a_stay_that_was_open(hospital):
    before = versions_before(hospital)
    ended = [row for row in hospital.listed("updates") if before[row["encounter_id"]][0]["status"] == "in-progress"]
    assert ended and all(hospital.fields_of(row)["status"] == "finished" for row in ended)


def test_the_newest_version_of_each_encounter_is_the_truth(hospital):
    for encounter, row in hospital.newest.items():
        truth = hospital.truth[encounter]
        assert (row["cost"], row["patient_id"]) == (str(truth["cost"]), truth["patient_id"])
        assert row["diagnosis_code"] == (truth["diagnosis_code"] or "")
        assert row["admission_date"] == f"{truth['admitted_at']:%Y-%m-%dT%H:%M:%SZ}"
        assert bool(row["discharge_date"]) == (truth["discharged_at"] is not None)


def test_nothing_is_dated_after_the_last_day(hospital):
    last = "2025-12-31T23:59:59Z"
    assert all(
        max(row["admission_date"], row["discharge_date"], row["updated_at"]) <= last
        for _, _, row in hospital.good_records()
    )
