"""How the house says no. A door turns a refusal into a page, a JSON body or an exit code."""


class Refusal(Exception):
    """The rules turn a request down.

    `code` names a text in console/texts; `facts` fill its blanks and go to the API as they are.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class NotAllowed(Refusal):
    """The actor may not do this, whatever the state of things."""


class NotFound(Refusal):
    """There is no such row, or none that the actor may know of."""


class Conflict(Refusal):
    """The row's state forbids it now; later, or from elsewhere, it may pass."""


class Invalid(Refusal):
    """What was given cannot be right at any time."""
