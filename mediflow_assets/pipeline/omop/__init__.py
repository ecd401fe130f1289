"""The OMOP tables' steps: read Silver as every table outside it gets it, map, write whole, judge by OHDSI's rules."""
