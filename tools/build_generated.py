"""Hatch build hook: makes what is generated, for a wheel as for an editable install.

contracts/proto/*.proto become contracts/generated/, docs/openapi.json becomes client/generated/ (`build_client.py`).
Configured in pyproject.toml under [tool.hatch.build.hooks.custom]. `python tools/build_generated.py` does it by hand.
Source: https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

import importlib.resources
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "ircopilot/contracts/generated"
CLIENT = "ircopilot/client/generated"


class GeneratedBuildHook(BuildHookInterface[Any]):
    """Runs before hatch collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate; hatch takes the files in, although git ignores them, because they are declared as artifacts."""
        generate(Path(self.root))
        # The web application too, if `make web` built it: an install needs no Node.
        build_data["artifacts"] += [f"src/{PACKAGE}/*", f"src/{CLIENT}/*", "src/ircopilot/gateway/static/**"]


def generate(root: Path) -> None:
    """Everything that is generated. Raises `RuntimeError` when a proto is wrong."""
    compile_protos(root)
    # By path: the folder of a build hook is no package.
    runpy.run_path(str(root / "tools" / "build_client.py"))["build_client"](root)


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
    generate(Path(__file__).resolve().parent.parent)
