"""How hospitals spell their headers. Within a column the first spelling found in a file is the one taken."""

from collections.abc import Mapping

from mediflow_assets.contracts.blanks import BLANKS

_IGNORED = str.maketrans("", "", BLANKS + "_-.#/()")

ADMISSION_ALIASES: Mapping[str, tuple[str, ...]] = {
    "patient_id": (
        *(
            "MRN",
            "Medical Record Number",
            "Patient MRN",
            "MRN ID",
            "PatID",
            "Pat ID",
            "PID",
            "Patient Number",
        ),
        *("Patient No", "Subject ID", "Subject", "Patient"),
    ),
    "encounter_id": (
        *("Encounter Number", "Encounter No", "Encounter", "Visit ID", "Visit Number", "Visit No", "Visit"),
        *(
            "CSN",
            "Contact Serial Number",
            "HAR",
            "HADM ID",
            "Account Number",
            "Acct Number",
            "Acct No",
            "Acct",
        ),
    ),
    "encounter_class": ("Patient Class", "Pat Class", "Visit Class", "Visit Type", "Encounter Type", "Class"),
    "status": ("Encounter Status", "Visit Status"),
    "name": ("Patient Name", "Full Name", "Pat Name"),
    "birth_date": ("DOB", "Date of Birth", "Birth Dt", "Birthday"),
    "age": ("Patient Age", "Age Years", "Age at Admission", "Age in Years"),
    "gender": ("Sex", "Patient Sex", "Patient Gender", "Administrative Sex", "Gender Code", "Sex Code"),
    "department": (
        *("Department Name", "Dept", "Dept Name", "Admitting Department", "Hospital Service", "Service"),
        *("Service Line", "Specialty", "Speciality", "Ward", "Unit"),
    ),
    "diagnosis_code": (
        *("ICD10 Code", "ICD10", "ICD 10 CM", "ICD Code", "Primary Diagnosis Code", "Primary Dx Code"),
        *("Principal Diagnosis Code", "Diag Code", "Dx Code", "Primary Dx", "Principal Dx"),
        *("Primary Diagnosis", "Principal Diagnosis", "Admitting Diagnosis", "Dx", "Diagnosis"),
    ),
    "diagnosis_system": (
        *("Code System", "Coding System", "Diagnosis Code System", "Dx Code System", "Dx System", "ICD Version"),
        *("Diagnosis Version", "Diagnosis Coding System", "Code Type", "Vocabulary ID", "Dx Code Type"),
    ),
    "admission_date": (
        *("Admit Date", "Admit Dt", "Admission Dt", "Admission Datetime", "Admit Datetime", "Admission Time"),
        *("Admitted", "Admitted At", "Admitted On", "Adm Date", "Adm Dt", "Date of Admission", "Admittime"),
    ),
    "discharge_date": (
        *("Disch Date", "Disch Dt", "Discharge Dt", "Discharge Datetime", "Discharge Time", "Discharged"),
        *("Discharged At", "Discharged On", "DC Date", "Dis Date", "Date of Discharge", "Dischtime"),
    ),
    "discharge_disposition": (
        *("Disposition", "Disch Disp", "Discharge Disp", "DC Disposition", "Discharge Status"),
        *("Discharge Location", "Discharged To"),
    ),
    "admission_type": ("Admit Type", "Adm Type", "Type of Admission"),
    "blood_pressure": ("BP", "Blood Press", "BP Reading"),
    "cost": (
        *("Total Cost", "Cost USD", "Total Charges", "Total Charge", "Charges", "Charge", "Charge Amount"),
        *("Billed Amount", "Billing Amount", "Total Amount", "Amount", "Amt"),
    ),
    "payer": ("Payor", "Primary Payer", "Primary Payor", "Insurance", "Insurance Provider", "Payer Name"),
    "zip": ("Zip Code", "Zipcode", "Postal Code", "Postcode", "Patient Zip"),
    "updated_at": (
        *("Last Updated", "Last Update", "Updated", "Update Date", "Updated On", "Last Modified", "Modified"),
        *("Modified At", "Modified Date"),
    ),
}

ENCOUNTER_ALIASES: Mapping[str, tuple[str, ...]] = {
    "start": ("DATE",),
    "base_encounter_cost": ("COST",),
}


def plain(header: str) -> str:
    """A header as it is compared: no case, no blanks, no `_ - . # / ( )`."""
    return header.casefold().translate(_IGNORED)
