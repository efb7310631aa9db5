"""Settings from the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    name: str
    interval_s: float

    @classmethod
    def of_environment(cls) -> "Settings":
        return cls(
            name=os.environ.get("WORKER_NAME", "python-worker"),
            interval_s=float(os.environ.get("WORKER_INTERVAL_S", "1")),
        )
