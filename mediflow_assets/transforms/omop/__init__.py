"""Silver's rows as rows of the OMOP CDM: DataFrames in and out, by the contracts of `contracts.omop`."""
