"""Writing a version: its files first, `bundle.json` with their checksums last."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.scoring import files
from mediflow_assets.scoring.bundle import CARD, CARD_JSON, FACTS, FORMAT, GRAPH


def bundle_files(facts: Mapping[str, Any], graph: bytes, card: str, card_json: str) -> dict[str, bytes]:
    """File name → content. `facts` holds name, version, unit, run_id, features, response, reference, distribution,
    cutoffs and metrics."""
    contents = {GRAPH: graph, CARD: card.encode(), CARD_JSON: card_json.encode()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    whole = {"format": FORMAT} | dict(facts) | {"sha256": digests}
    return contents | {FACTS: json.dumps(whole, indent=1, sort_keys=True, allow_nan=False).encode()}


def write_bundle(uri: str, contents: Mapping[str, bytes]) -> None:
    """Put a version into its folder. Until `bundle.json` is there it is no version."""
    for name in sorted(contents, key=lambda each: each == FACTS):
        files.write(files.join(uri, name), contents[name])


def feature_as_json(feature: Feature) -> dict[str, Any]:
    """A feature as bundle.json has it."""
    return asdict(feature) | {"type": str(feature.type), "allowed": list(feature.allowed)}
