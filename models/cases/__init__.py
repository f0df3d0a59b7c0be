"""A case: a violation from the finding to its end, and all that hangs on it."""

# Other tables refer to these by name alone: whoever knows any of them has to know them all.
from models.cards.stock import SourceChannel as SourceChannel
from models.cases.instructions import Instruction as Instruction
from models.cases.traces import OutflowTrace as OutflowTrace
