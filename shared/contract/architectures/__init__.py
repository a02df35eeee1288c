"""The architectures, a file each. One more file is one more architecture; what else it takes is in CONTRIBUTING.md."""

from collections.abc import Mapping
from importlib import import_module
from operator import attrgetter
from pkgutil import iter_modules

from shared.contract.architecture import Descriptor


def _descriptors() -> Mapping[str, Descriptor]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found: list[Descriptor] = [module.DESCRIPTOR for module in modules]
    return {descriptor.name: descriptor for descriptor in sorted(found, key=attrgetter("place"))}


DESCRIPTORS: Mapping[str, Descriptor] = _descriptors()
"""Name → descriptor, in the order in which architectures are shown."""
