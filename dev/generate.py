"""Write the generated files, most of them in docs/generated/: `make generate`.

`make check` runs this with `--check`, which fails if a file is not what would be written.
"""

import os
import sys
from pathlib import Path

from dev import machine


def files() -> dict[Path, str]:
    """Return the text of every generated file. The settings must be in the environment."""
    # Importing these reads the settings.
    from dev.contract import console, openapi, postman, reference
    from dev.deploy import roots
    from dev.table import schema

    return {
        **openapi.files(),
        **postman.files(),
        **reference.files(),
        **schema.files(),
        **console.files(),
        **roots.files(),
    }


def main() -> None:
    """Write the files. With `--check`, stop if one is not up to date or is not generated."""
    os.environ.update(machine.settings())
    generated = files()
    if sys.argv[1:] != ["--check"]:
        for file, text in generated.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return
    for file, text in generated.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            machine.fail(f"{machine.shown(file)} is not up to date: run make generate")
    if strays := set(machine.GENERATED.iterdir()) - generated.keys():
        machine.fail(f"nothing generates {machine.shown(min(strays))}: remove it")


if __name__ == "__main__":
    main()
