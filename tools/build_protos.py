"""Hatch build hook: compiles contracts/proto/*.proto into contracts/generated/, for a wheel as for an editable install.

Configured in pyproject.toml under [tool.hatch.build.hooks.custom]. `python tools/build_protos.py` does it by hand.
Source: https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "ircopilot/contracts/generated"


class ProtoBuildHook(BuildHookInterface[Any]):
    """Runs before hatch collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate; hatch takes the files in, although git ignores them, because they are declared as artifacts."""
        compile_protos(Path(self.root))
        build_data["artifacts"].append(f"src/{PACKAGE}/*")


def compile_protos(root: Path) -> None:
    """Write the messages, their types and the service's stubs of every proto. Raises `RuntimeError` when one is wrong."""
    from grpc_tools import protoc

    source = root / "src/ircopilot/contracts/proto"
    target = root / "src" / PACKAGE
    target.mkdir(exist_ok=True)
    (target / "__init__.py").write_text('"""Generated from contracts/proto; never edited, never committed."""\n')
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    arguments = [
        # A virtual folder: the generated modules import each other by where they will lie.
        f"--proto_path={PACKAGE}={source}",
        f"--proto_path={well_known}",
        *(f"--{kind}_out={root / 'src'}" for kind in ("python", "pyi", "grpc_python")),
        *(f"{PACKAGE}/{path.name}" for path in sorted(source.glob("*.proto"))),
    ]
    if protoc.main(["protoc", *arguments]):
        raise RuntimeError("protoc refused a proto; what it said stands above")


if __name__ == "__main__":
    compile_protos(Path(__file__).resolve().parent.parent)
