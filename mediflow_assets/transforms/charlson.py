"""Charlson's 17 comorbidities, as coded in ICD-9-CM and ICD-10 by Quan et al., Medical Care 2005;43:1130-9."""

from mediflow_assets.contracts.code_systems import ICD9, ICD10
from mediflow_assets.transforms.comorbidities import Comorbidities

_ICD10 = {
    "myocardial infarction": "I21 I22 I252",
    "congestive heart failure": "I099 I110 I130 I132 I255 I420 I425-I429 I43 I50 P290",
    "peripheral vascular disease": "I70 I71 I731 I738 I739 I771 I790 I792 K551 K558 K559 Z958 Z959",
    "cerebrovascular disease": "G45 G46 H340 I60-I69",
    "dementia": "F00-F03 F051 G30 G311",
    "chronic pulmonary disease": "I278 I279 J40-J47 J60-J67 J684 J701 J703",
    "rheumatic disease": "M05 M06 M315 M32-M34 M351 M353 M360",
    "peptic ulcer disease": "K25-K28",
    "mild liver disease": "B18 K700-K703 K709 K713-K715 K717 K73 K74 K760 K762-K764 K768 K769 Z944",
    "diabetes without complication": "E100 E101 E106 E108-E111 E116 E118-E121 E126 E128-E131 E136 E138-E141 E146 "
    "E148 E149",
    "diabetes with complication": "E102-E105 E107 E112-E115 E117 E122-E125 E127 E132-E135 E137 E142-E145 E147",
    "hemiplegia or paraplegia": "G041 G114 G801 G802 G81 G82 G830-G834 G839",
    "renal disease": "I120 I131 N032-N037 N052-N057 N18 N19 N250 Z490-Z492 Z940 Z992",
    "malignancy": "C00-C26 C30-C34 C37-C41 C43 C45-C58 C60-C76 C81-C85 C88 C90-C97",
    "moderate or severe liver disease": "I850 I859 I864 I982 K704 K711 K721 K729 K765-K767",
    "metastatic solid tumour": "C77-C80",
    "AIDS": "B20-B22 B24",
}
_ICD9 = {
    "myocardial infarction": "410 412",
    "congestive heart failure": "39891 40201 40211 40291 40401 40403 40411 40413 40491 40493 4254-4259 428",
    "peripheral vascular disease": "0930 4373 440 441 4431-4439 4471 5571 5579 V434",
    "cerebrovascular disease": "36234 430-438",
    "dementia": "290 2941 3312",
    "chronic pulmonary disease": "4168 4169 490-505 5064 5081 5088",
    "rheumatic disease": "4465 7100-7104 7140-7142 7148 725",
    "peptic ulcer disease": "531-534",
    "mild liver disease": "07022 07023 07032 07033 07044 07054 0706 0709 570 571 5733 5734 5738 5739 V427",
    "diabetes without complication": "2500-2503 2508 2509",
    "diabetes with complication": "2504-2507",
    "hemiplegia or paraplegia": "3341 342 343 3440-3446 3449",
    "renal disease": "40301 40311 40391 40402 40403 40412 40413 40492 40493 582 5830-5837 585 586 5880 V420 V451 V56",
    "malignancy": "140-172 174-194 1950-1958 200-208 2386",
    "moderate or severe liver disease": "4560-4562 5722-5728",
    "metastatic solid tumour": "196-199",
    "AIDS": "042-044",
}
_WEIGHTS = {"diabetes with complication": 2, "hemiplegia or paraplegia": 2, "renal disease": 2, "malignancy": 2} | {
    "moderate or severe liver disease": 3,
    "metastatic solid tumour": 6,
    "AIDS": 6,
}
"""Of Charlson et al., Journal of Chronic Diseases 1987;40:373-83; all others weigh 1."""
CHARLSON = Comorbidities(
    tuple(_ICD10),
    {ICD10: _ICD10, ICD9: _ICD9},
    tuple(_WEIGHTS.get(name, 1) for name in _ICD10),
    (
        ("moderate or severe liver disease", "mild liver disease"),
        ("diabetes with complication", "diabetes without complication"),
        ("metastatic solid tumour", "malignancy"),
    ),
)
