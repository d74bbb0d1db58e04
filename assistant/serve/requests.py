"""Checking what other programs send over the control socket."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import BadInput

Form = TypeVar("Form", bound=BaseModel)


def checked(form: type[Form], request: dict[str, Any], what: str) -> Form:
    """Return the request in its form; `BadInput` names the first thing that is wrong with it."""
    try:
        return form.model_validate(request)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            "the {what}'s `{where}`: {first}.", what=what, where=where, first=first["msg"]
        ) from None
