"""The process of the local engine: told a setup once, then a batch at a time."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _NoPandas(MetaPathFinder):
    """Arrow looks for pandas wherever it makes an array; here that would be 50 MB for nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name == "pandas":
            raise ImportError(name)
        return None


def main() -> None:
    sys.meta_path.insert(0, _NoPandas())
    import pyarrow as pa

    from integrations.bulk.parts import Setup, screen_part
    from integrations.child import give, take

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    told = [take(sys.stdin.buffer) for _ in range(3)]
    model, agents, digest = (frame or b"" for frame in told)
    setup = Setup(model, agents, digest.decode())
    while (part := take(sys.stdin.buffer)) is not None:
        give(screen_part(part, setup))


if __name__ == "__main__":
    main()
