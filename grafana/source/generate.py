"""Writes ../dashboards/*.json from the files beside this one; with --check, only compares.

    python3 grafana/source/generate.py [--check]
"""

import importlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["right-now", "where-is-it", "marketing-performance", "trust"]


def main():
    sys.path.insert(0, str(HERE))
    differs = []
    for name in NAMES:
        made = importlib.import_module(name.replace("-", "_")).build()
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        path = HERE.parent / "dashboards" / f"{name}.json"
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or path.read_text() != text:
                differs.append(name)
        else:
            path.write_text(text)
    if differs:
        sys.exit(f"not what grafana/source/generate.py writes: {' '.join(differs)}; run it")


main()
