"""Imports go on by themselves."""

from typing import Final

from console.actions.imports.run import advance_import, waiting_imports
from console.jobs.base import Kind

IMPORTS: Final = Kind("import", waiting_imports, advance_import)
