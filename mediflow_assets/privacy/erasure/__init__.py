"""Erasure: a patient leaves every zone, and it is proven.

`request` and `journal` hold what is asked and how far it has come; `subjects` finds everything that names the
patients, `plan` the records that go; `removal` takes them out of the tables, `cleansing` out of files, logs and old
versions; `proof` searches the home for what is left; `erase` puts these in order, so that a killed one can be finished.
"""
