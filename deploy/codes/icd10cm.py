"""Writes mediflow_assets/contracts/icd10cm.gz again: every code of ICD-10-CM, as CMS and NCHS publish it.

The list is a work of the United States government and in the public domain. It is taken from the package
`simple-icd-10-cm`, whose versions follow the releases:

    uv run --no-project --with simple-icd-10-cm==1.5.0 python deploy/codes/icd10cm.py
"""

import gzip
from pathlib import Path

import simple_icd_10_cm as published

TARGET = Path(__file__).parents[2] / "mediflow_assets" / "contracts" / "icd10cm.gz"


def front_coded(codes: list[str]) -> str:
    """Each code as how many characters it shares with the one before it, and the rest: a tenth of the size."""
    lines, before = [], ""
    for code in codes:
        shared = 0
        while code[: shared + 1] == before[: shared + 1]:
            shared += 1
        lines.append(f"{shared}{code[shared:]}")
        before = code
    return "\n".join(lines)


if __name__ == "__main__":
    every = published.get_all_codes(with_dots=False)
    codes = sorted({code for code in every if code[0].isalpha() and code[1:2].isdigit() and "-" not in code})
    TARGET.write_bytes(gzip.compress(front_coded(codes).encode(), 9, mtime=0))
    print(f"{len(codes):,} codes, {TARGET.stat().st_size:,} bytes")
