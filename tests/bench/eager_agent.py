"""The agent without its pace: a soak has not the days that sixty cards an hour would take."""

import sys

from reader_agent import policy

policy.SHORTEST_PAUSE, policy.MOST_AN_HOUR = 0.0, sys.maxsize  # pyright: ignore[reportConstantRedefinition]

if __name__ == "__main__":
    from reader_agent.commands.cli import main

    sys.exit(main())
