"""The questions, rubrics and the demo interview that ship with Room, as YAML files inside the package.

Enters: nothing. Leaves: the files' parsed contents. They are read when an account is made (its own
copies become rows) and when the demo is played; a running interview reads rows only.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def load(name: str) -> Any:
    """The parsed contents of ``<name>.yaml``: ``challenges``, ``rubrics`` or ``demo_session``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files(__package__).joinpath(f"{name}.yaml").read_bytes(), loader)  # noqa: S506
