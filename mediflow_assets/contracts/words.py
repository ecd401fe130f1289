"""The words that hospitals use for what Silver tells apart, by the word that stands there for them.

From the lists that are published (NUBC / UB-04, HL7 v2 and v3, FHIR, X12, OMOP's concepts) and from what exports write,
in English, German, French, Spanish and Portuguese; `words_abroad.toml` has those of more languages. They are compared
by `plain_word`. A word means one thing in a column; a letter or digit that houses use differently stands here only
where a published list gives it its meaning.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

Words = Mapping[str, tuple[str, ...]]


def _words(*lines: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(word for line in lines for text in line.split(",") if (word := text.strip()))


_ABROAD = tomllib.loads(Path(__file__).with_name("words_abroad.toml").read_text(encoding="utf-8"))


def _with(column: str, known: Words) -> Words:
    """The words of a column with those of more languages, each once."""
    more = {ours: _words(" ".join(lines.split())) for ours, lines in _ABROAD[column].items()}
    return {ours: tuple(dict.fromkeys((*theirs, *more.get(ours, ())))) for ours, theirs in known.items()}


GENDERS: Words = {
    "M": _words("M, male, man, 8507, männlich, maennlich, mann, homme, masculin, hombre, masculino, homem, masc"),
    "F": _words("F, female, woman, 8532, W, weiblich, frau, femme, féminin, mujer, femenino, mulher, feminino, fem"),
    "O": _words("O, other, D, X, A, ambiguous, diverse, divers, non-binary, intersex, 8521, autre, otro, outro"),
    "U": _words("U, unknown, N, UN, undifferentiated, indeterminate, 8551, unbestimmt, indéterminé, ignorado"),
}

ENCOUNTER_CLASSES: Words = {
    "inpatient": _words(
        "inpatient, I, IP, IMP, ACUTE, NONAC, B, obstetrics, inpatient visit, inpatient stay, inpatient encounter",
        "inpatient hospital, inpatient admission, acute inpatient, admitted, hospitalization, hospitalisation",
        "emergency room and inpatient visit, 9201, 262, 8717, stationär, vollstationär, teilstationär, stat",
        "hospitalisé, hospitalisation complète, ingreso, hospitalización, internação, internamento, internado",
    ),
    "emergency": _words(
        "emergency, E, ED, ER, EMER, EMERG, EMD, A&E, emergency room, emergency department, emergency visit",
        "emergency room visit, casualty, 9203, 8870, Notfall, Notfall ambulant, Notaufnahme, urgences, urgence",
        "urgencias, urgência, pronto socorro",
    ),
    "outpatient": _words(
        "outpatient, O, OP, OPD, R, recurring, recurring patient, C, commercial account, P, preadmit, PRENC",
        "pre-admission, FLD, field, outpatient visit",
        "outpatient hospital, outpatient encounter, hospital outpatient, hospital outpatient surgery",
        "outpatient surgery, day surgery, same day surgery, day case, clinic, clinic visit, office, office visit, 9202",
        "ambulant, externe, consultation externe, ambulatorio, consulta externa, ambulatório",
    ),
    "ambulatory": _words("ambulatory, AMB, ambulatory visit, ambulatoire"),
    "observation": _words("observation, OBS, OBSENC, SS, short stay, observation stay, observation room, 581385"),
    "urgentcare": _words("urgentcare, urgent care, urgent care visit, urgent care facility, walk-in, 8782"),
    "wellness": _words("wellness, wellness visit, annual wellness visit, preventive, check-up, Vorsorge"),
    "virtual": _words("virtual, VR, virtual visit, telehealth, telemedicine, video visit, telephone, 5083, 722455"),
    "home": _words("home, HH, home health, home visit, home care, 581476, 8536"),
    "hospice": _words("hospice, 8546"),
    "snf": _words("snf, skilled nursing, skilled nursing facility, nursing facility, 8863"),
}

STATUSES: Words = {
    "finished": _words(
        "dsc, dsch, disch, cls",
        "finished, completed, complete, discharged, closed, ended, done, final, finalized, billed, entlassen",
        "abgeschlossen, beendet, terminé, clôturé, sorti, finalizado, cerrado, de alta, encerrado, concluído",
    ),
    "in-progress": _words(
        "adm",
        "in-progress, admitted, open, active, arrived, triaged, onleave, on-hold, in house, still a patient",
        "inpatient now, laufend, offen, aufgenommen, en cours, en curso, abierto, em andamento, em aberto",
    ),
    "planned": _words("planned, scheduled, booked, preadmitted, geplant, angemeldet, prévu, programado, agendado"),
    "cancelled": _words(
        "can, cnl, cancel",
        "cancelled, canceled, entered-in-error, discontinued, void, voided, no show, deleted, storniert, abgesagt",
        "annulé, anulado, cancelado",
    ),
    "unknown": _words("unknown"),
}

ADMISSION_TYPES: Words = {
    "emergency": _words(
        "emergency, 1, 01, E, EM, EMER, emergent, A, accident, direct emer, ew emer, Notfall, Notfallaufnahme, urgence",
        "urgences, urgencias, urgência, emergencia, emergência",
    ),
    "urgent": _words("urgent, 2, 02, U, UR, L, labor and delivery, dringend, dringlich, urgente"),
    "elective": _words(
        "elective, 3, 03, C, R, EL, routine, scheduled, planned, surgical same day admission, elektiv, geplant",
        "angemeldet, angemeldet geplant, programmé, électif, programado, programada, electivo, electiva, eletivo",
        "eletiva",
    ),
    "newborn": _words(
        "newborn (birth in healthcare facility)",
        "newborn, 4, 04, N, NB, birth, Neugeborenes, Neugeborene, Geburt, nouveau-né, recién nacido, recém-nascido",
    ),
    "trauma": _words("trauma, 5, 05, trauma center, trauma centre"),
}

DISPOSITIONS: Words = {
    "home": _words(
        "alternative home",
        "home, 1, 6, 8, 01, 06, 08, 81, 86, 8536, 581476, alt-home, home or self care, home self care, home/self care",
        "discharged home, discharged to home, discharge to home, discharged to home or self care, discharge",
        "discharged, routine, routine discharge, routine discharge to home, home health, home health care",
        "home health care svc, home health service, home health services, home with home health",
        "home with home health care, home w/ home health services, home under care of home health",
        "home with home iv providr, home with home iv provider, assisted living, 8615, nach Hause",
        "nach Hause entlassen, nach Hause mit Spitex, Spitex, entlassen, regulär, reguläre Entlassung",
        "Entlassung nach Hause, domicile, retour à domicile, sortie à domicile, retour domicile, domicilio",
        "alta a domicilio, alta domiciliaria, destino al domicilio, casa, alta, alta melhorada, alta curado",
    ),
    "transferred": _words(
        "transferred, 2, 5, 9, 02, 05, 09, 21, 43, 65, 66, 69, 70, 82, 85, 87, 88, 93, 94, 95, 8717, 8971",
        "other-hcf, psy",
        "transfer, transfer to another hospital, transferred to another hospital, discharged to another hospital",
        "short term hospital, short-term hospital, short term general hospital, acute hospital, acute care hospital",
        "other hospital, another hospital, other facility, another facility, healthcare facility",
        "psych facility, psychiatric facility, psychiatric hospital, psychiatric hospital or unit of hosp",
        "federal hospital, federal health care facility, critical access hospital, court/law enforcement",
        "cancer center or children's hospital, cancer ctr or childrens hosp, another type not listed",
        "Verlegung, verlegt",
        "Verlegung in anderes Krankenhaus, Verlegung in ein anderes Krankenhaus, anderes Spital, anderes Krankenhaus",
        "transfert, mutation, traslado, traslado a otro hospital, traslado a hospital, transferência",
        "transferência para outro hospital",
    ),
    "skilled_nursing": _words(
        "skilled_nursing, 3, 4, 03, 04, 61, 63, 64, 83, 84, 89, 91, 92, 8863, 8676, 8970, snf, long, ICF, LTC, LTCH",
        "skilled nursing facility, skilled nursing home, discharged to snf, nursing home, nursing facility",
        "intermediate care facility, intermediate care, long term care, long term care hospital",
        "long term care facility",
        "chronic/long term acute care, medicare cert long term care hospital, medicaid cert nursing facility",
        "hosp basd medicare approved swing bed, facility w/ custodial/supportive care, Pflegeheim, Altersheim",
        "Alters- und Pflegeheim, Kurzzeitpflege, Pflegeeinrichtung, EHPAD, maison de retraite",
        "residencia social, centro sociosanitario, traslado a centro sociosanitario, lar",
        "unidade de cuidados continuados",
    ),
    "rehab": _words(
        "rehab, 62, 90, 8920, IRF, rehabilitation, rehab facility, discharged to rehab, inpatient rehab",
        "inpatient rehabilitation, inpatient rehabilitation facility, rehabilitation facility",
        "rehab/distinct part hosp, Reha, Rehaklinik, Rehabilitationsklinik, Rehabilitationseinrichtung, SSR",
        "réadaptation, rehabilitación, reabilitação",
    ),
    "hospice": _words(
        "hospice, 50, 51, 8546, hosp, hospice home, hospice - home, hospice medical facility",
        "hospice - medical facility, discharged to hospice, Hospiz, soins palliatifs, cuidados paliativos",
    ),
    "against_advice": _words(
        "against_advice, 7, 07, 4021968, aadvice, AMA, DAMA, LAMA, left ama, left against advice",
        "left against medical advice, left against medical advi, against medical advice",
        "discharged against medical advice, auf eigenen Wunsch, gegen ärztlichen Rat, Entlassung gegen ärztlichen Rat",
        "contre avis médical, sortie contre avis médical, alta voluntaria, alta a pedido, evasão, fuga",
    ),
    "expired": _words(
        "expired, 20, 22, 23, 24, 25, 26, 27, 28, 29, 40, 41, 42, 4216643",
        "exp, expiry, died, dead, dead/expired, death, deceased, died in hospital, death with autopsy",
        "death without autopsy",
        "hospital death, gestorben, verstorben, Tod, Exitus, décès, décédé, exitus letalis, fallecido, fallecimiento",
        "fallecida, muerte, óbito, falecido, falecida, morte",
    ),
}

GENDERS, ENCOUNTER_CLASSES, STATUSES = (
    _with("gender", GENDERS),
    _with("encounter_class", ENCOUNTER_CLASSES),
    _with("status", STATUSES),
)
ADMISSION_TYPES, DISPOSITIONS = (
    _with("admission_type", ADMISSION_TYPES),
    _with("discharge_disposition", DISPOSITIONS),
)

NOT_KNOWN: Words = {
    "encounter_class": _words("U, N"),
    "admission_type": _words("0, 00, 9, 09, information not available, not available"),
    "discharge_disposition": _words(
        "0, 00, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, still patient, still a patient, still in hospital",
        "still patient or expected to return for outpatient services",
    ),
}
"""By column what published lists have for a value that is not known, or not yet: who is still a patient has no
disposition."""

_ACCENTS = (
    ("àáâãäåāăą", "a"), ("çćč", "c"), ("ďđ", "d"), ("èéêëēęěė", "e"), ("ğ", "g"), ("ìíîïīı", "i"), ("łľ", "l"),
    ("ñńň", "n"), ("òóôõöøōő", "o"), ("ř", "r"), ("śšşș", "s"), ("ťţț", "t"), ("ùúûüūůűư", "u"), ("ýÿ", "y"),
    ("źžż", "z"), ("ß", "s"),
)  # fmt: skip
IGNORED = " \t\u00a0-_/.,'\u2019()\u0300\u0301\u0302\u0303\u0308\u0327"
"""What stands in a word and does not tell it from another: blanks, marks, and accents that stand by themselves."""
TURNED = "".join(accented for accented, _ in _ACCENTS) + IGNORED
INTO = "".join(letter * len(accented) for accented, letter in _ACCENTS)
"""Letters for those with an accent; what has none here is left out."""
_TABLE = str.maketrans(dict(zip(TURNED, INTO.ljust(len(TURNED), "\0"), strict=True)) | dict.fromkeys(IGNORED, ""))


def plain_word(text: str) -> str:
    """A word as it is compared: by its letters and digits alone, whatever their case and their accents."""
    return text.lower().translate(_TABLE)


def by_spelling(words: Words) -> dict[str, str]:
    """Each word as it is compared, and what it stands for. Raises ValueError where one stands for two things."""
    found: dict[str, str] = {}
    for ours, theirs in words.items():
        for word in theirs:
            if found.setdefault(plain_word(word), ours) != ours:
                raise ValueError(f"{word} stands for {found[plain_word(word)]} and for {ours}")
    return found


RARE = frozenset(
    plain_word(word)
    for columns in _ABROAD.values()
    for lines in columns.values()
    for word in _words(" ".join(lines.split()))
)
"""Words of `words_abroad.toml`, as they are compared."""
