"""The dashboard: a Streamlit app on the tables whose contract says `audience: analyst`, and on the gateway.

`lake` reads, `cells` keeps small counts back, `figures/` computes, `views/` shows, `gateway` signs in. It loads no
engine: no JVM, dagster, pyspark or mlflow.
"""
