"""Packaging of MediFlow: all of it stands in pyproject.toml."""

from setuptools import setup

setup()
