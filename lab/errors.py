"""The one error of this room."""


class LabError(Exception):
    """Something the person who runs the lab can act on; `hint` says how."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
