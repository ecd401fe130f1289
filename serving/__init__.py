"""The gateway: scores and explains over HTTP, from the lake. No Spark, no Dagster, no MLflow in its process."""
