"""Which function makes rows of which Silver table out of FHIR resources."""

from mediflow_assets.contracts import source
from mediflow_assets.transforms import patient_links
from mediflow_assets.transforms.fhir import clinical, rows

BY_TABLE = {
    source.PATIENTS: rows.patients_of,
    source.ENCOUNTERS: rows.encounters_of,
    source.CONDITIONS: rows.conditions_of,
    source.OBSERVATIONS: clinical.observations_of,
    source.PROCEDURES: clinical.procedures_of,
    source.MEDICATIONS: clinical.medications_of,
    source.ALLERGIES: clinical.allergies_of,
    source.CLAIMS: clinical.claims_of,
    source.LINKS: patient_links.from_fhir,
}
"""What makes rows of each Silver table out of `bronze/fhir_resources`."""
