"""The errors of this room. Each carries a code for machines, a text for a person, and whether trying again can help."""

from __future__ import annotations


class FreagraError(Exception):
    """Base of the errors that callers may meet."""

    code = "error"
    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownRuleset(FreagraError):
    """A conversation names a ruleset version that this store does not hold."""

    code = "unknown_ruleset"

    def __init__(self, version: str) -> None:
        super().__init__(f"no ruleset of version {version} is in the store, or it does not load any more")


class PatientErased(FreagraError):
    """The patient's key was destroyed; nothing said to or by the patient can be read."""

    code = "patient_erased"

    def __init__(self) -> None:
        super().__init__("the patient's data was erased")
