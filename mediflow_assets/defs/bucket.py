"""The inbox in the object store, as sensors see it."""

from urllib.parse import urlsplit


def in_bucket(uri: str | None) -> int:
    """How many objects were dropped into the inbox in the object store."""
    if not uri:
        return 0
    # boto3 is slow to load, and of no use on a laptop
    from dagster_aws.s3 import S3Resource
    from dagster_aws.s3.sensor import get_objects

    place = urlsplit(uri)
    found = get_objects(place.netloc, place.path.lstrip("/"), client=S3Resource().get_client())
    return sum(not each["Key"].rsplit("/", 1)[-1].startswith(".") and not each["Key"].endswith("/") for each in found)
