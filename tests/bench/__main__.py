"""Run every `bench_*.py` beside this file, or those named on the command line."""

import subprocess
import sys
from pathlib import Path

from tests.bench.figures import write_page

HERE = Path(__file__).parent
names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("bench_*.py"))
codes = [
    subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode
    for name in names
]
write_page()
sys.exit(max(codes, default=0))
