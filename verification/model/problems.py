"""Refusals of the question itself, before anything is checked."""

from hub.problems import BadRequest, TooLarge


class FileTooLarge(TooLarge):
    """An upload above the limit is refused before it is read."""

    title = "This file is too large"
    advice = "Send the original file of the license; it is far smaller."


class WrongQuestion(BadRequest):
    """A question to the API must hold exactly one of a file, a code and a number."""

    title = "Ask with exactly one of: a file, a code, a number"
    advice = 'Send a form with "file", or JSON with "code" or "number".'
