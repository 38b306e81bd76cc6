"""`patterns.json` with the programs that phones get: what the JavaScript test runner reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from survey.form.patterns import compile_pattern

if __name__ == "__main__":
    cases = json.loads((Path(__file__).parent / "patterns.json").read_text())
    json.dump([{**case, "program": compile_pattern(case["pattern"]).as_json()} for case in cases], sys.stdout)
