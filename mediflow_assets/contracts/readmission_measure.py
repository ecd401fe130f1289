"""The readmission measure that is followed, and what its groups of diagnoses are in ICD-10. Standard library only.

The groups are AHRQ's CCS categories that the measure names, as the beginnings of ICD-10-CM codes without their point.
"""

MEASURE = (
    "CMS Hospital-Wide All-Cause Unplanned Readmission, version 6.0 (2017 Measure Updates and Specifications Report), "
    "planned readmission algorithm version 4.0"
)
WINDOW_DAYS = 30
TRANSFER_DAYS = 1
"""A stay that begins up to so many days after another ended in a transfer continues it."""

PSYCHIATRIC = (
    r"^(F06[0234]|F2[0-9]|F3[0-9]|F4[0-58]|F5[0-49]|F6[0-9]|F7[0-9]|F8[0-24-9]|F9[0-9]|R45851|T1491"
    r"|T(3[6-9]|[45][0-9]|6[0-5]|71)..2)"
)
"""CCS 650 to 652, 654 to 659, 662 and 670: neither dementia and delirium nor alcohol and substances."""
REHABILITATION = r"^(Z44|Z451|Z4682|Z50|Z5189)"
"""CCS 254: rehabilitation care, fitting of prostheses, adjustment of devices."""
CANCER = r"^(C[0-9]|D0[0-9]|D3[7-9]|D4[0-9]|Z510|Z511)"
"""CCS 11 to 45. No procedures are delivered, so that no stay for surgery of a cancer is told from one for treatment."""
ALWAYS_PLANNED = r"^(Z510|Z511|O80|Z34|Z44|Z451|Z4682|Z50|Z5189)"
"""CCS 45, 194, 196 and 254 of table PR.2: chemotherapy and radiotherapy, delivery, rehabilitation."""

PSYCHIATRIC_DEPARTMENT = r"PSYCH|BEHAVIO"
REHABILITATION_DEPARTMENT = r"REHAB"
"""A department whose name holds it tells as well as a diagnosis does."""
