"""What is told while a model is made, noted down."""


class Notes:
    """A report that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seen: list[tuple[str, int, int]] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, what: str, done: int, total: int) -> None:
        self.seen.append((what, done, total))
