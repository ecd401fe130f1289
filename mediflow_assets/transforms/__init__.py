"""How tables are computed: DataFrame → DataFrame and Column → Column, PySpark only.

Not here: reading, writing, settings, Dagster, clocks. Time comes in as an argument or a column.
"""
