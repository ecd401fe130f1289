"""ZIP prefixes of which no digits are shown beside the restricted ones: nobody lives in them, or not in the country.

Unassigned: not in use by the United States Postal Service (Publication 65, Labeling List L002). Military: the posts
of the armed forces abroad and at sea, AE, AA and AP.
"""


def _between(*spans: str) -> frozenset[str]:
    ends = [span.partition("-")[::2] for span in spans]
    return frozenset(f"{n:03}" for first, last in ends for n in range(int(first), int(last or first) + 1))


UNASSIGNED_ZIP3 = _between(
    "000-004", "099", "213", "269", "343", "345", "348", "353", "419", "428-429", "517-519", "529", "533", "536",
    "552", "568", "578-579", "589", "621", "632", "642-643", "659", "663", "682", "694-699", "702", "709", "715",
    "732", "742", "771", "817-819", "839", "848-849", "854", "858", "861-862", "866-869", "872", "876", "886-888",
    "892", "896", "899", "909", "929", "987",
)  # fmt: skip
MILITARY_ZIP3 = _between("090-098", "340", "962-966")
