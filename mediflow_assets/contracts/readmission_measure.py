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
ACUTE = (
    r"^(A0[0-9]|A1[5-9]|A39|A4[01]|A8[3-7]|B20|G0[0-7]"  # 1, 2, 5, 76 to 78, 135
    r"|D62|E8[67]|G4[0345]|H6[5-7]|H81|R40|R42|R51|R56"  # 55, 60, 83 to 85, 92, 93, 112
    r"|I01|I2[12]|I3[03]|I4[06]|I490|I50(1|9|[234][013]|81[013])|I6[0-3]|I74|I8[02]"  # 97, 100, 107 to 109, 116, 118
    r"|J0[0-69]|J1[0-8]|J2[01]|J36|J44[01]|J45([2-5][12]|90[12])|J69|J80|J9[01346]|J981|R092"  # 122 to 131
    r"|K2[5-8]|K3[5-8]|K52|K56|K65|K800|K81[02]|K830|K85|K92[0-2]"  # 139, 142, 145, 148, 149, 152 to 154
    r"|L0[0-8]|N1[0-2]|N1[79]|N30|N390"  # 157, 159, 197
    r"|R07|R1[01]|R50|R53|R55|R57|R652|T78"  # 102, 245, 246, 249 to 253
    # 225 to 236 and 239 to 244: injuries, burns and poisonings, but no later encounter for one
    r"|(S[0-9]{2}|T07|T14|T2[0-9]|T3[0-2]|T(3[6-9]|4[0-9]|50)..[1-4]|T5[1-9]|T6[0-5])(.*[^DS])?$)"
)
"""Of the CCS categories of table PR.4 those that beginnings of ICD-10 codes stand for; of 97, 108, 127, 128, 149 and
152 what is acute. Admission types plan no stay for one of them."""

PSYCHIATRIC_DEPARTMENT = r"PSYCH|BEHAVIO"
REHABILITATION_DEPARTMENT = r"REHAB"
"""A department whose name holds it tells as well as a diagnosis does."""
