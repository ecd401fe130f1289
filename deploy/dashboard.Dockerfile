# syntax=docker/dockerfile:1
# The dashboard: no Spark, no Dagster, no MLflow, no JVM; it reads analyst tables and asks the gateway.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN pip install uv==0.9.2 && uv venv /venv
COPY setup.py pyproject.toml ./
COPY mediflow_assets mediflow_assets
COPY serving serving
RUN VIRTUAL_ENV=/venv uv pip install -c requirements.lock '.[dashboard]'

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# the user of all services, by the same name
RUN groupadd --gid 999 mediflow && useradd --uid 999 --gid 999 --no-create-home mediflow
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RUST_LOG=error
COPY --from=build /venv /venv
COPY deploy/conf/aws.ini /opt/mediflow/conf/aws.ini
COPY dashboard /opt/mediflow/app/dashboard
WORKDIR /opt/mediflow/app
USER 999:999
CMD ["python", "-m", "dashboard"]
