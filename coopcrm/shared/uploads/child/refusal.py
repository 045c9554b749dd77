"""Why a file is not read: a code, for which the parent has the sentence."""

from __future__ import annotations


class Refusal(Exception):
    """The file is refused; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
