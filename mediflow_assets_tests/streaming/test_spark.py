"""The jars of the streaming service and of the cluster are those that the installed packages need."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from mediflow_assets.errors import StreamFailed
from mediflow_assets.streaming.spark import delta_jar, start_session

POM = (Path(__file__).parents[2] / "deploy" / "jars" / "pom.xml").read_text(encoding="utf-8")


def test_delta_s_jar_is_the_one_that_delta_spark_names() -> None:
    (wanted,) = re.findall(r"<artifactId>(delta-spark_[^<]+)</artifactId>", POM)
    (number,) = re.findall(r"<delta.version>([^<]+)<", POM)
    assert delta_jar() == f"{wanted}-{number}.jar"
    assert f"<spark.version>{version('pyspark')}<" in POM


@pytest.mark.parametrize(
    "there", [[], ["spark-sql-kafka-0-10_2.13-4.2.0.jar"], [delta_jar()], ["delta-spark_4.1_2.13-4.3.0.jar"]]
)
def test_a_session_without_its_jars_says_how_to_get_them(tmp_path: Path, there: list[str]) -> None:
    for name in there:
        (tmp_path / name).touch()
    with pytest.raises(StreamFailed, match="'make jars'"):
        start_session(tmp_path, 1, "1g", tmp_path)
