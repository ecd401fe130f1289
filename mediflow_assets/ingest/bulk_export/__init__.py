"""A client of FHIR servers that export in bulk: a pull asks for an export, waits, and puts its files into the inbox.

The rules are those of HL7's Bulk Data Access (https://hl7.org/fhir/uv/bulkdata/export.html) and of SMART Backend
Services (https://hl7.org/fhir/smart-app-launch/backend-services.html). No text tells a token, an address that a server
has made, or what a server has written.
"""
