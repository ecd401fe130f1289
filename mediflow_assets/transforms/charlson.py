"""Comorbidity groups of ICD-10 codes: the 17 of Charlson, as coded by Quan et al., Medical Care 2005;43:1130-9."""

from functools import cache

GROUPS: dict[str, str] = {
    "myocardial infarction": "I21 I22 I252",
    "congestive heart failure": "I099 I110 I130 I132 I255 I420 I425 I426 I427 I428 I429 I43 I50 P290",
    "peripheral vascular disease": "I70 I71 I731 I738 I739 I771 I790 I792 K551 K558 K559 Z958 Z959",
    "cerebrovascular disease": "G45 G46 H340 I60 I61 I62 I63 I64 I65 I66 I67 I68 I69",
    "dementia": "F00 F01 F02 F03 F051 G30 G311",
    "chronic pulmonary disease": "I278 I279 J40 J41 J42 J43 J44 J45 J46 J47 J60 J61 J62 J63 J64 J65 J66 J67 J684 "
    "J701 J703",
    "rheumatic disease": "M05 M06 M315 M32 M33 M34 M351 M353 M360",
    "peptic ulcer disease": "K25 K26 K27 K28",
    "mild liver disease": "B18 K700 K701 K702 K703 K709 K713 K714 K715 K717 K73 K74 K760 K762 K763 K764 K768 K769 Z944",
    "diabetes without complication": "E100 E101 E106 E108 E109 E110 E111 E116 E118 E119 E120 E121 E126 E128 E129 "
    "E130 E131 E136 E138 E139 E140 E141 E146 E148 E149",
    "diabetes with complication": "E102 E103 E104 E105 E107 E112 E113 E114 E115 E117 E122 E123 E124 E125 E127 "
    "E132 E133 E134 E135 E137 E142 E143 E144 E145 E147",
    "hemiplegia or paraplegia": "G041 G114 G801 G802 G81 G82 G830 G831 G832 G833 G834 G839",
    "renal disease": "I120 I131 N032 N033 N034 N035 N036 N037 N052 N053 N054 N055 N056 N057 N18 N19 N250 Z490 Z491 "
    "Z492 Z940 Z992",
    "malignancy": " ".join(
        f"C{n:02}"
        for n in (
            *range(27),
            *range(30, 35),
            *range(37, 42),
            43,
            *range(45, 59),
            *range(60, 77),
            *range(81, 86),
            88,
            *range(90, 98),
        )
    ),
    "moderate or severe liver disease": "I850 I859 I864 I982 K704 K711 K721 K729 K765 K766 K767",
    "metastatic solid tumour": "C77 C78 C79 C80",
    "AIDS": "B20 B21 B22 B24",
}
"""Group → the beginnings of its codes, without the point."""

_GROUP_OF = {start: place for place, starts in enumerate(GROUPS.values(), 1) for start in starts.split()}


@cache
def group_of(code: str | None) -> int:
    """The place, from 1, of the group an ICD-10 code belongs to; 0 for none, and for codes that are not ICD-10."""
    plain = (code or "").replace(".", "").upper()
    return _GROUP_OF.get(plain[:4]) or _GROUP_OF.get(plain[:3]) or 0
