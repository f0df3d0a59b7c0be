"""Files of rows that somebody brings in: mapped, checked, and taken row by row.

    plan     the file is read to its end, kept, and promised (`plan_import`)
    run      a promise is kept, a batch at a time (`advance_import`)
    rows     what a kind of row is (`RowKind`); `agents`, `shops` and the other kinds
    rejects  the rows that were not taken, with reasons, to be mended and brought again

A file that can't be read to its end is refused before any of its rows is taken. A row is taken
whole or not at all, and each once: a killed import goes on behind the last batch that was kept.
"""
