"""LanceDB, imported without the client of its cloud's REST interface.

LanceDB takes the types of its requests from a package that builds a whole REST client when it is
imported: more than half of what importing LanceDB costs. Tables in folders and buckets use none of
it. So that package is begun by this module, and loaded whole only when something of it is asked
for.
"""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

_CLIENT: Final = "lance_namespace_urllib3_client"


class _LoadedWhenAsked(ModuleType):
    """A package whose modules can be imported, and whose own code runs when it is asked for."""

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        self.__spec__, self.__loader__ = spec, spec.loader
        self.__path__ = list(spec.submodule_search_locations or ())
        self.__file__ = spec.origin

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if name.startswith("__") or spec is None or spec.loader is None:
            raise AttributeError(name)
        self.__spec__ = None  # what follows asks no more
        try:
            spec.loader.exec_module(self)
        finally:
            self.__spec__ = spec
        self.__class__ = ModuleType  # type: ignore[assignment]
        return getattr(self, name)


def _begin_client() -> None:
    spec = find_spec(_CLIENT) if _CLIENT not in sys.modules else None
    if spec is not None:
        sys.modules[_CLIENT] = _LoadedWhenAsked(spec)


_begin_client()

import lancedb  # noqa: E402

__all__ = ["lancedb"]
