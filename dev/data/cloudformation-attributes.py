#!/usr/bin/env python3
"""Prints the table of CloudFormation's resource types and their attributes, from the package cfn-lint as pip installs it.

usage: cloudformation-attributes.py FOLDER/cfnlint > crates/tapedeck-resources/data/cloudformation-attributes.tsv
"""

import ast
import sys
from pathlib import Path

from cloudformation_schemas import types_of_regions

COLUMNS = ["type", "identifiers", "attributes"]

# Types whose attributes are named by whoever writes the template.
OF_THE_TEMPLATE = {
    "AWS::CloudFormation::CustomResource": ["*"],
    "AWS::CloudFormation::Stack": ["Outputs.*"],
}


def constants(module: Path) -> dict:
    """The constants of a Python file that are plain values."""
    found = {}
    for statement in ast.parse(module.read_text()).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                pass
    return found


def resolved(node: dict, schema: dict) -> dict:
    """What a node says, or what the definition says that it refers to."""
    while "$ref" in node:
        steps = node["$ref"].split("/")[1:]
        node = schema
        for step in steps:
            node = node[step]
    return node


def leaves(node: dict, path: list[str], schema: dict) -> list[list[str]]:
    """The paths of all values below a property, without those inside of lists: nothing can name these."""
    node = resolved(node, schema)
    types = node.get("type")
    types = types if isinstance(types, list) else [types]
    if "object" in types:
        properties = node.get("properties", {}).items()
        return [leaf for name, value in properties for leaf in leaves(value, [*path, name], schema)]
    if "array" in types and resolved(node.get("items", {}), schema).get("type") in ("object", "array"):
        return []
    return [path]


def pointer(text: str) -> list[str]:
    """`/properties/A/B` as its names."""
    return text.split("/")[2:]


def attributes(name: str, schema: dict, rules: dict) -> list[str]:
    """All that `Fn::GetAtt` takes for a type."""
    if name in OF_THE_TEMPLATE:
        return OF_THE_TEMPLATE[name]
    paths = []
    if name in rules["_all_property_types"]:
        for property_name, value in schema.get("properties", {}).items():
            paths += leaves(value, [property_name], schema)
    else:
        paths += [[extra] for extra in rules["_exceptions"].get(name, [])]
        paths += [pointer(text) for text in schema.get("readOnlyProperties", [])]
    dotted = {".".join(path) for path in paths if "*" not in path}
    if name == "AWS::ServiceCatalog::CloudFormationProvisionedProduct":
        dotted = dotted - {"Outputs"} | {"Outputs.*"}
    return sorted(dotted)


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    package = Path(sys.argv[1])
    rules = constants(package / "schema" / "_getatts.py")
    print("\t".join(COLUMNS))
    for name, schema in sorted(types_of_regions(package / "data" / "schemas").items()):
        identifiers = [".".join(pointer(text)) for text in schema.get("primaryIdentifier", [])]
        named = attributes(name, schema, rules)
        print("\t".join([name, " ".join(identifiers) or "-", " ".join(named) or "-"]))


if __name__ == "__main__":
    main()
