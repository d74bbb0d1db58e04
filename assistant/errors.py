"""What can go wrong, told in one sentence that a user can act on."""

from assistant.messages import say


class AssistantError(Exception):
    """One clear sentence for the user; the command line prints it without a traceback.

    The sentence names what was found, what is allowed and what to do about it.
    """

    exit_code = 1

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        """`sentence` may have `{names}` for `values`: so it can be told in another language."""
        super().__init__(say(sentence, **values))


class BadInput(AssistantError):
    """The user gave something that cannot be used: a file, a key, a value, a name (exit code 2)."""

    exit_code = 2


class EngineMissing(BadInput):
    """An optional engine or its model is not installed; the sentence says how to get it."""


class DeviceError(AssistantError):
    """A microphone or loudspeaker is absent, busy or gone; the sentence names it."""


class Busy(AssistantError):
    """Too many wait already."""

    def __init__(self, retry_after: int) -> None:
        """`retry_after` in whole s."""
        super().__init__(
            "too many wait for an answer; try again in {retry_after} seconds.",
            retry_after=retry_after,
        )
        self.retry_after = retry_after
