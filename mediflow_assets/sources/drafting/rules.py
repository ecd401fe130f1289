"""Which concepts in a header speak for which of our columns, and which against it: data."""

from dataclasses import dataclass

_NEVER = "flag relative race phone provider created group row bed"


@dataclass(frozen=True)
class Rule:
    """What speaks for one of our columns: sets of concepts, best first, each with its weight; and what rules it out."""

    needs: tuple[tuple[frozenset[str], float], ...]
    avoids: frozenset[str]


def _rule(needs: dict[str, float], avoids: str = "", but: str = "") -> Rule:
    found = tuple((frozenset(concepts.split()), weight) for concepts, weight in needs.items())
    return Rule(found, frozenset((avoids + " " + _NEVER).split()) - {but})


RULES: dict[str, Rule] = {
    "patient_id": _rule(
        {"mrn": 1.0, "patient id": 0.95, "patient": 0.8},
        "name time birth age gender death class disposition zip payer cost status length facility encounter diagnosis "
        "department admission discharge procedure year text",
    ),
    "encounter_id": _rule(
        {"encounter id": 1.0, "encounter": 0.85, "admission id": 0.7, "record id": 0.62},
        "time birth age gender death class disposition zip payer cost status length facility diagnosis department "
        "procedure source mrn version name date text",
    ),
    "admission_date": _rule(
        {
            "admission date": 1.0,
            "admission time": 1.0,
            "admission at": 1.0,
            "admission": 0.85,
            "encounter date": 0.7,
            "start date": 0.82,
            "start time": 0.82,
            "start": 0.66,
        },
        "death birth update id class name source status disposition edstay procedure diagnosis length age year month "
        "version admtype grund cost zip department expected discharge end paid payer",
    ),
    "discharge_date": _rule(
        {
            "discharge date": 1.0,
            "discharge time": 1.0,
            "discharge at": 1.0,
            "discharge": 0.8,
            "end date": 0.78,
            "end time": 0.78,
            "end": 0.64,
        },
        "death birth update id class name source status edstay procedure diagnosis length age year month version "
        "grund disposition cost zip department expected paid payer",
    ),
    "birth_date": _rule(
        {"birth date": 1.0, "birth time": 0.95, "birth": 0.9, "birth year": 0.7},
        "death id name class procedure cost mother length facility",
    ),
    "death_date": _rule({"death date": 1.0, "death time": 1.0, "death": 0.7}, "birth id class"),
    "age": _rule({"age": 1.0}, "birth death diagnosis length cost id"),
    "gender": _rule({"gender": 1.0}, "date diagnosis"),
    "name": _rule(
        {"patient name": 1.0, "name": 0.8, "patient": 0.62},
        "facility department payer class diagnosis procedure drg id date status source disposition cost encounter",
    ),
    "department": _rule(
        {
            "department": 1.0,
            "department name": 1.0,
            "department admission": 0.85,
            "department discharge": 0.8,
            "location": 0.66,
        },
        "date time diagnosis cost class admission admtype discharge age payer drg length source facility zip",
    ),
    "diagnosis_code": _rule(
        {"diagnosis principal code": 1.0, "diagnosis principal": 0.98, "diagnosis code": 0.92, "diagnosis": 0.85},
        "secondary date time admission death procedure drg version name status class cost age text",
    ),
    "diagnosis_system": _rule(
        {"diagnosis version": 1.0, "diagnosis class": 0.9}, "date time secondary name procedure drg"
    ),
    "discharge_disposition": _rule(
        {
            "disposition discharge": 1.0,
            "disposition": 0.95,
            "discharge status": 0.9,
            "discharge to": 0.9,
            "discharge location": 0.9,
            "discharge grund": 0.9,
            "discharge class": 0.85,
            "end class": 0.8,
            "discharge code": 0.7,
            "patient status": 0.75,
        },
        "date time id admission source age cost diagnosis department",
    ),
    "encounter_class": _rule(
        {
            "falltyp": 1.0,
            "patient class": 1.0,
            "encounter class": 0.89,
            "department class": 0.85,
            "falltyp admission": 0.8,
            "class": 0.66,
            "patient status": 0.62,
            "admission class": 0.6,
        },
        "admission discharge date time payer diagnosis procedure drg cost department id facility race version "
        "length status blood",
    ),
    "admission_type": _rule(
        {"admtype": 1.0, "admission class": 1.0, "admission grund": 0.9, "encounter grund": 0.62},
        "date time discharge id source department expected diagnosis",
    ),
    "status": _rule({"encounter status": 1.0}, "discharge admission date time"),
    "blood_pressure": _rule({"blood pressure": 1.0, "pressure": 0.8}, "id class"),
    "payer": _rule({"payer": 1.0}, "secondary id date time procedure diagnosis length"),
    "zip": _rule({"zip": 1.0, "zip phone": 1.0}, "date name"),
    "cost": _rule(
        {"cost total": 1.0, "cost": 0.85, "encounter total": 0.75, "total": 0.6, "paid total": 0.64, "paid": 0.62},
        "date time length unitprice payer id department diagnosis procedure age status class name weight deduct "
        "expected code",
        but="row",
    ),
    "updated_at": _rule({"update date": 1.0, "update time": 1.0, "update at": 1.0, "update": 0.8}, "birth death id"),
    "onset_date": _rule({"diagnosis date": 1.0, "onset date": 1.0}, "discharge admission"),
    "diagnosis_rank": _rule({"rank": 0.8}, "date time"),
}
"""In the order in which they are looked for when two would take one column."""
