"""ZIP prefixes under 20,000 people, which Safe Harbor wants as 000 (45 CFR 164.514(b)(2)(i)(B)).

The union of three lists, so that none is relied on alone: the 17 of the OCR guidance (2000 Census), the 14 used by
Microsoft's Tools for Health Data Anonymization and by cumulus-etl, and the 18 of the 2020 Census.
"""

RESTRICTED_ZIP3 = frozenset(
    {
        "036", "059", "063", "102", "202", "203", "204", "205", "369", "556", "692", "753",
        "772", "790", "821", "823", "830", "831", "878", "879", "884", "890", "893",
    }
)  # fmt: skip
