# syntax=docker/dockerfile:1
# Apache Spark from pyspark's own home, with Delta, the Kafka connector and S3A baked in: nothing is resolved at start.
# The package is in it as well: what runs in Python on the executors is imported from it, and the streaming service
# runs from it.
FROM maven:3.9.11-eclipse-temurin-17-noble@sha256:e4a7ace3dc0d645ed97f8d9ad0b0d3f0b14fa8d150138f27f116d7105a639b82 AS jars
COPY deploy/jars/pom.xml /jars/pom.xml
RUN mvn -B -q -f /jars/pom.xml dependency:copy-dependencies -Djars=/jars/spark

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN pip install uv==0.9.2 && uv venv /venv
COPY setup.py pyproject.toml ./
COPY mediflow_assets mediflow_assets
COPY serving serving
RUN VIRTUAL_ENV=/venv uv pip install -c requirements.lock . 'pyspark[connect]' delta-spark pandas polars kafka-python prometheus-client psycopg2-binary \
 && rm -rf /venv/lib/python3.11/site-packages/pyspark/examples

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# Hadoop starts under no user without a name
RUN groupadd --gid 999 mediflow && useradd --uid 999 --gid 999 --no-create-home mediflow
# the distribution's own security updates are wanted, so its packages are not pinned
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps \
 && rm -rf /var/lib/apt/lists/*
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
COPY --from=jars /jars/spark /opt/mediflow/jars
COPY deploy/conf /opt/mediflow/conf
RUN mkdir -p /var/lib/spark /var/lib/mediflow /opt/mediflow/app /opt/mediflow/home/.cache/mediflow/jars \
 && ln -s /opt/mediflow/jars /opt/mediflow/home/.cache/mediflow/jars/spark \
 && chown 999:999 /var/lib/spark /var/lib/mediflow && chmod 700 /var/lib/mediflow
WORKDIR /opt/mediflow/app
USER 999:999
CMD ["spark-class", "org.apache.spark.deploy.master.Master"]
