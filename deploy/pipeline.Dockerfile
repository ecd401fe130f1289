# syntax=docker/dockerfile:1
# The pipeline: Dagster, the `mediflow` command, MLflow's server. Spark's client without its JVM part.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN pip install uv==0.9.2 && uv venv /venv
COPY setup.py pyproject.toml ./
COPY mediflow_assets mediflow_assets
COPY serving serving
RUN VIRTUAL_ENV=/venv uv pip install -c requirements.lock '.[pipeline]' \
 && rm -rf /venv/lib/python3.11/site-packages/pyspark/jars /venv/lib/python3.11/site-packages/pyspark/examples

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# Dagster and MLflow ask for the name of the user they run as
RUN groupadd --gid 999 mediflow && useradd --uid 999 --gid 999 --no-create-home mediflow
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RUST_LOG=error
COPY --from=build /venv /venv
COPY deploy/conf /opt/mediflow/conf
# a volume takes the owner of the folder it is first mounted on
RUN mkdir -p /var/lib/mediflow /run/all-secrets /opt/mediflow/app \
 && chown 999:999 /var/lib/mediflow /run/all-secrets && chmod 700 /var/lib/mediflow /run/all-secrets
WORKDIR /opt/mediflow/app
USER 999:999
CMD ["mediflow", "--help"]
