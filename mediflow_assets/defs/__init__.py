"""When it runs: Dagster assets, checks, jobs, sensors. The only package that imports dagster; bodies are wiring."""
