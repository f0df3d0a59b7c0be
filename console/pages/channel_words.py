"""How the channel's states look, and how its moves are put into words."""

from collections.abc import Callable
from typing import Final

from console.i18n import t
from console.pages.kit import After, Next, Tone
from models.permissions import Permission

TONES: Final = {
    "verifying": Tone.BUSY,
    "needs_correction": Tone.WARNING,
    "eligible": Tone.GOOD,
    "exited": Tone.OVER,
    "pending_approval": Tone.BUSY,
    "requested": Tone.WAITING,
    "issued": Tone.GOOD,
    "displayed": Tone.GOOD,
    "compromised": Tone.BAD,
    "replaced": Tone.OVER,
    "building": Tone.BUSY,
    "ready": Tone.WAITING,
    "in_force": Tone.BAD,
    "run_out": Tone.OVER,
    "lifted": Tone.OVER,
    "lodged": Tone.BUSY,
    "upheld": Tone.GOOD,
    "withdrawn": Tone.OVER,
}


def move_of(  # noqa: PLR0913 - a move's parts
    text: str,
    act: Callable[[str], object],
    permission: Permission,
    icon: str,
    *,
    when: bool,
    ask: Callable[[str], str] | None = None,
    reason: bool = False,
    main: bool = False,
) -> Next:
    """A move by the key of its text, `agents_page.submit`; `…_will` says what it brings about.

    Words that `act` answers are said once it is done.
    """

    def do(words: str) -> str | After | None:
        answer = act(words)
        return answer if isinstance(answer, str | After) else None

    return Next(
        text.rpartition(".")[2],
        t(text),
        t(f"{text}_will"),
        do,
        permission,
        is_open=when,
        reason=reason,
        ask=ask,
        icon=f":material/{icon}:",
        main=main,
    )
