"""Every figure the pages show, computed with Polars from tables. No Streamlit here."""
