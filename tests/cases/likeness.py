"""What `likeness.json` holds: names and persons that are alike or not, for the server and for the phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
