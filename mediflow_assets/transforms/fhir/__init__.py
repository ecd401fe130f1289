"""FHIR resources → texts and rows of Silver: one reader for each type, a function of decoded JSON that needs no engine.

`resources.texts_of` runs a reader over Bronze; what all readers share is named after what it reads: `codings`,
`references`, `elements`.
"""
