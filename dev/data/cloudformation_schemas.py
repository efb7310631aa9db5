"""The schemas of CloudFormation's types in the package cfn-lint as pip installs it."""

import json
from pathlib import Path

# Every type is in here. Where regions differ, this one is asked first.
FIRST_REGION = "us-east-1"


def types_of_regions(schemas: Path) -> dict[str, dict]:
    """The schema of every type of any region, by name of the type."""
    regions = [path for path in (schemas / "providers").glob("*.json") if path.stem != "sam"]
    regions.sort(key=lambda path: (path.stem != FIRST_REGION, path.stem))
    files: dict[str, str] = {}
    for region in regions:
        for name, file in json.loads(region.read_text()).items():
            files.setdefault(name, file)
    folder = schemas / "resources"
    return {name: json.loads((folder / f"{file}.json").read_text()) for name, file in files.items()}
