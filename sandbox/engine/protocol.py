"""Pulumi's gRPC protocol without Pulumi's SDK: the generated modules of `pulumi.runtime.proto`, and no others.

To import them by their own name runs the SDK's `__init__` first, which is most of a second and 25 MB, in a process that
only answers programs and never is one. So the package is loaded under another name, and its parents are not.
"""

import importlib
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
    )
else:
    _NAME = f"{__package__}.pulumi_proto"

    def _load() -> None:
        folder = Path(find_spec("pulumi").submodule_search_locations[0], "runtime", "proto")
        spec = spec_from_file_location(_NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
        sys.modules[_NAME] = package = module_from_spec(spec)
        spec.loader.exec_module(package)

    _load()
    engine_pb2 = importlib.import_module(f"{_NAME}.engine_pb2")
    engine_pb2_grpc = importlib.import_module(f"{_NAME}.engine_pb2_grpc")
    plugin_pb2 = importlib.import_module(f"{_NAME}.plugin_pb2")
    provider_pb2 = importlib.import_module(f"{_NAME}.provider_pb2")
    provider_pb2_grpc = importlib.import_module(f"{_NAME}.provider_pb2_grpc")
    resource_pb2 = importlib.import_module(f"{_NAME}.resource_pb2")
    resource_pb2_grpc = importlib.import_module(f"{_NAME}.resource_pb2_grpc")

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
]
