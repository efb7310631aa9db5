#!/usr/bin/env python3
"""Prints the table of what CloudFormation does when a property changes, from the package cfn-lint as pip installs it.

usage: cloudformation-updates.py FOLDER/cfnlint > crates/tapedeck-resources/data/cloudformation-updates.tsv
"""

import sys
from pathlib import Path

from cloudformation_schemas import types_of_regions

COLUMNS = ["type", "replaced-by", "perhaps-replaced-by", "interrupted-by"]

# "Some interruptions" of the CloudFormation user guide, which the schemas do not tell: of the types that we make.
INTERRUPTIONS = {
    "AWS::EC2::SecurityGroup": ["SecurityGroupEgress", "SecurityGroupIngress"],
    "AWS::ElastiCache::ReplicationGroup": ["NumNodeGroups"],
    "AWS::OpenSearchService::Domain": ["VPCOptions"],
    "AWS::RDS::DBCluster": ["EngineVersion"],
    "AWS::RDS::DBInstance": ["DBInstanceClass", "EngineVersion", "StorageType"],
}


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
