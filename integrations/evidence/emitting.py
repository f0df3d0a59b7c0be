"""The verifier as one file that needs nothing of ours."""

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Final

from integrations.evidence import notes, tokens, verifier
from models import merkle

_PARTS: Final = (merkle, notes, tokens, verifier)
_OWN: Final = ("integrations", "models")
_HEAD: Final = '''"""核验证据包 / Checks an evidence pack, with Python 3.11 or later alone.

    python3 verify.py              in the unpacked folder / 在解开的文件夹内
    python3 verify.py PACK.zip     on the zip / 直接核验压缩包
    python3 verify.py PACK.zip --key VKEY --tsa-root ROOT.pem
"""
'''


@cache
def emitted() -> bytes:
    """Its parts, one after another, without what they ask of each other."""
    return "\n".join([_HEAD, *map(_stripped, _PARTS)]).encode()


def _stripped(part: ModuleType) -> str:
    source = inspect.getsource(part)
    lines = source.splitlines()
    for at, node in enumerate(ast.parse(source).body):
        is_docstring = at == 0 and isinstance(node, ast.Expr)
        is_own = isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_OWN)
        if is_docstring or is_own:
            for line in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[line] = ""
    return f"# {part.__name__}\n" + "\n".join(lines).strip() + "\n"
