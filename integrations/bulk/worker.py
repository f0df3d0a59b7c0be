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

    from integrations.bulk.setups import Setup
    from integrations.child import give, take

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    work, digest, count = ((take(sys.stdin.buffer) or b"").decode() for _ in range(3))
    given = tuple(take(sys.stdin.buffer) or b"" for _ in range(int(count)))
    setup = Setup(work, given, digest)
    while (part := take(sys.stdin.buffer)) is not None:
        give(setup.answer(part))


if __name__ == "__main__":
    main()
