#!/usr/bin/env python3
"""Prints the table of EC2 instance types, from the package moto as pip installs it.

usage: instance-types.py OLDER/moto NEWER/moto > crates/tapedeck-resources/data/instance-types.tsv

What a later argument says of a type goes before what an earlier one says. README.md says why there are two.
"""

import gzip
import json
import sys
from pathlib import Path

COLUMNS = ["type", "vcpus", "memory-mib", "architecture", "gpus", "gpu-maker", "bare-metal", "burstable"]
ARCHITECTURES = {"x86_64", "arm64"}


def recorded(package: Path) -> dict:
    """The answer of DescribeInstanceTypes that a version of the package carries, by name of the type."""
    plain = package / "ec2" / "resources" / "instance_types.json"
    packed = plain.with_suffix(".json.gz")
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads(plain.read_text())


def yes(value: bool) -> str:
    return "yes" if value else "no"


def row(name: str, facts: dict) -> list[str] | None:
    """A row of the table, or nothing for a type that runs neither of our architectures."""
    architectures = ARCHITECTURES.intersection(facts["ProcessorInfo"]["SupportedArchitectures"])
    if not architectures:
        return None
    if len(architectures) > 1:
        raise SystemExit(f"{name} has several architectures, the table has room for one")
    gpus = facts.get("GpuInfo", {}).get("Gpus", [])
    makers = {gpu["Manufacturer"] for gpu in gpus}
    if len(makers) > 1:
        raise SystemExit(f"{name} has GPUs of several makers, the table has room for one")
    return [
        name,
        str(facts["VCpuInfo"]["DefaultVCpus"]),
        str(facts["MemoryInfo"]["SizeInMiB"]),
        *architectures,
        # A part of a GPU is one to the machine that has it.
        str(sum(gpu.get("LogicalGpuCount", gpu["Count"]) for gpu in gpus)),
        *(makers or {"-"}),
        yes(facts["BareMetal"]),
        yes(facts["BurstablePerformanceSupported"]),
    ]


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    types: dict = {}
    for package in sys.argv[1:]:
        types.update(recorded(Path(package)))
    rows = [row(name, facts) for name, facts in sorted(types.items())]
    for line in [COLUMNS, *filter(None, rows)]:
        print("\t".join(line))


if __name__ == "__main__":
    main()
