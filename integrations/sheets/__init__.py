"""Tables that users hand in, and tables that we hand back.

What is read was made by strangers: it is refused whole, with the place named, or read exactly.
Nothing is guessed at, replaced or cut.
"""

from integrations.sheets.reading import open_table
from integrations.sheets.shape import USUAL, Kind, Limits, Row, Table, nobodys
from integrations.sheets.writing import inert, live, write_csv, write_xlsx

__all__ = [
    "USUAL",
    "Kind",
    "Limits",
    "Row",
    "Table",
    "inert",
    "live",
    "nobodys",
    "open_table",
    "write_csv",
    "write_xlsx",
]
