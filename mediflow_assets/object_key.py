"""The object store's key, from the file that AWS_SHARED_CREDENTIALS_FILE names into this process's environment."""

import configparser
import os

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def adopt() -> None:
    """Take the key of the file's profile (AWS_PROFILE, else `default`) unless the environment holds one.

    A file that is not there or cannot be read is left to the first read of the store to complain about.
    """
    file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    if not file or _KEYS[0] in os.environ:
        return
    said = configparser.ConfigParser(interpolation=None)
    try:
        said.read(file)
        profile = said[os.environ.get("AWS_PROFILE", "default")]
        found = {name: profile[name.lower()] for name in _KEYS}
    except (OSError, KeyError, configparser.Error):
        return
    os.environ.update(found)
