#!/usr/bin/env python3
"""Prints the table of what CloudFormation does when a property changes, from the package cfn-lint as pip installs it.

usage: cloudformation-updates.py FOLDER/cfnlint > crates/tapedeck-resources/data/cloudformation-updates.tsv
"""

import json
import sys
from pathlib import Path

COLUMNS = ["type", "replaced-by", "perhaps-replaced-by", "interrupted-by"]

# Every type is in here. Where regions differ, this one is asked first.
FIRST_REGION = "us-east-1"

# "Some interruptions" of the CloudFormation user guide, which the schemas do not tell: of the types that we make.
INTERRUPTIONS = {
    "AWS::EC2::SecurityGroup": ["SecurityGroupEgress", "SecurityGroupIngress"],
    "AWS::ElastiCache::ReplicationGroup": ["NumNodeGroups"],
    "AWS::OpenSearchService::Domain": ["VPCOptions"],
    "AWS::RDS::DBCluster": ["EngineVersion"],
    "AWS::RDS::DBInstance": ["DBInstanceClass", "EngineVersion", "StorageType"],
}


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


def paths(pointers: list[str]) -> list[str]:
    """`/properties/A/B` as `A/B`, without those below another one."""
    found = sorted({text.removeprefix("/properties/").replace("/properties/", "/") for text in pointers})
    return [path for path in found if not any(path.startswith(f"{other}/") for other in found)]


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    package = Path(sys.argv[1])
    print("\t".join(COLUMNS))
    for name, schema in sorted(types_of_regions(package / "data" / "schemas").items()):
        replaced = paths(schema.get("createOnlyProperties", []))
        perhaps = paths(schema.get("conditionalCreateOnlyProperties", []))
        perhaps = [path for path in perhaps if path not in replaced]
        columns = [replaced, perhaps, INTERRUPTIONS.get(name, [])]
        print("\t".join([name, *(" ".join(column) or "-" for column in columns)]))


if __name__ == "__main__":
    main()
