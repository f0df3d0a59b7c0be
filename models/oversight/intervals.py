"""How sure a share is that was counted on few."""

from math import sqrt
from typing import Final

_Z: Final = 1.959964
"""Of the normal distribution, for 95 in 100."""


def wilson(count: int, base: int) -> tuple[float, float]:
    """The interval in which the share lies, 95 times in 100 (Wilson 1927); of none, all of it.

    Unlike the textbook's it stays within 0 and 1, and says something of 0 in 3.
    """
    if base <= 0:
        return 0.0, 1.0
    share, spread = count / base, _Z**2 / base
    middle = share + spread / 2
    reach = _Z * sqrt(share * (1 - share) / base + spread / (4 * base))
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    # Of none and of all the bounds are exact, and not what rounding makes of them.
    return (0.0 if count == 0 else max(0.0, low), 1.0 if count == base else min(1.0, high))
