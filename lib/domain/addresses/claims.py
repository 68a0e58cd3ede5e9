"""Which rule has read which token of an address. A token is read once. What nothing reads is left over.

All rules of the grammar work on one `Claims`. A rule can only take free tokens, so no word is lost or put in two
places.
"""

from collections.abc import Iterator

from lib.domain.addresses.tokens import Token, is_break
from lib.domain.findings import Finding, quoted, warning

LEFT_OVER = "left_over"


class Claims:
    """The tokens of one text, the field each was read for, and the value of each field."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.owner: list[str] = [""] * len(tokens)
        self.values: dict[str, str] = {}
        self.findings: list[Finding] = []
        self.segments = _segments(tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def free(self, position: int) -> bool:
        """True while nothing has read this token. Marks are never free."""
        return self.owner[position] == "" and self.tokens[position].kind != "mark"

    def take(self, field: str, start: int, end: int, value: str | None = None) -> None:
        """Read the tokens from `start` to before `end` for a field. Its value is `value`, or their text.

        A field that has a value keeps it: more text is added after a comma, and an empty `value` (a label such as
        `Unit`) changes nothing. If one of the tokens was read before, none is read here: the others are left over and
        reported.
        """
        mine = [position for position in range(start, end) if self.tokens[position].kind != "mark"]
        if not all(self.free(position) for position in mine):
            self.leave(start, end)
            return
        for position in mine:
            self.owner[position] = field
        value = self.slice(start, end) if value is None else value
        if value and field != LEFT_OVER:
            self.values[field] = f"{self.values[field]}, {value}" if self.values.get(field) else value

    def leave(self, start: int, end: int) -> None:
        """Mark these tokens as understood, but without a field."""
        for position in range(start, end):
            if self.free(position):
                self.owner[position] = LEFT_OVER

    def has(self, field: str) -> bool:
        """True when the field has a value."""
        return bool(self.values.get(field))

    def slice(self, start: int, end: int) -> str:
        """The text of the tokens, without marks at its ends."""
        end = min(end, len(self.tokens))
        while start < end and self.tokens[start].kind == "mark":
            start += 1
        while end > start and self.tokens[end - 1].kind == "mark":
            end -= 1
        return self.text[self.tokens[start].start : self.tokens[end - 1].end] if start < end else ""

    def line_of(self, position: int) -> str:
        """The whole line of the token."""
        start = self.text.rfind("\n", 0, self.tokens[position].start) + 1
        end = self.text.find("\n", start)
        return self.text[start:end] if end >= 0 else self.text[start:]

    def key(self, position: int) -> str:
        """The token as the tables spell it. Empty after the last one."""
        return self.tokens[position].key if 0 <= position < len(self.tokens) else ""

    def is_word(self, position: int) -> bool:
        """True for a word that nothing has read."""
        return 0 <= position < len(self.tokens) and self.tokens[position].kind == "word" and self.free(position)

    def is_number(self, position: int) -> bool:
        """True for a number that nothing has read."""
        return 0 <= position < len(self.tokens) and self.tokens[position].kind == "number" and self.free(position)

    def any_number(self, position: int) -> bool:
        """True when a free number is here or later."""
        return any(self.is_number(later) for later in range(position, len(self.tokens)))

    def is_glued(self, position: int) -> bool:
        """True when the token follows the one before it without a space."""
        return position < len(self.tokens) and self.tokens[position].glued

    def doubt(self, field: str, text: str) -> None:
        """Report that something in this field was guessed."""
        self.findings.append(warning(field, text))

    def doubt_reading(self, field: str, text: str, what: str) -> None:
        """Report that a piece of the text was read in one of several ways."""
        self.doubt(field, f"{quoted(text)} was read as {what}. Check that this is right.")

    def runs(self) -> Iterator[tuple[int, int]]:
        """The free stretches: tokens in a row that nothing has read, without a break between them."""
        for start, end in self.segments:
            position = start
            while position < end:
                if not self.free(position):
                    position += 1
                    continue
                begin = position
                last = position
                while position < end and (self.free(position) or self.tokens[position].kind == "mark"):
                    if self.free(position):
                        last = position
                    position += 1
                yield begin, last + 1

    def left_over(self) -> str:
        """Everything that has no field, piece by piece."""
        pieces: list[str] = []
        position = 0
        while position < len(self.tokens):
            if self._is_left(position):
                begin = last = position
                while position < len(self.tokens) and (
                    self._is_left(position)
                    or (self.tokens[position].kind == "mark" and not is_break(self.tokens[position]))
                ):
                    if self._is_left(position):
                        last = position
                    position += 1
                pieces.append(self.slice(begin, last + 1))
            else:
                position += 1
        return "; ".join(pieces)

    def _is_left(self, position: int) -> bool:
        return self.owner[position] == LEFT_OVER or self.free(position)


def _segments(tokens: list[Token]) -> list[tuple[int, int]]:
    """The stretches between commas, brackets, line ends, and dashes used like a comma."""
    found = []
    start = 0
    for position, token in enumerate(tokens):
        if is_break(token) or _is_spaced_dash(tokens, position):
            if position > start:
                found.append((start, position))
            start = position + 1
    if start < len(tokens):
        found.append((start, len(tokens)))
    return found


def _is_spaced_dash(tokens: list[Token], position: int) -> bool:
    if tokens[position].key != "-" or position == 0 or position + 1 == len(tokens):
        return False
    if tokens[position].glued and tokens[position + 1].glued:
        return False
    before = tokens[position - 1]
    numeric = before.kind == "number" or (before.glued and tokens[position - 2].kind == "number")
    after = tokens[position + 1]
    if before.key == "/" or tokens[position].glued != after.glued:
        return False  # "C/- Ada", and a dash without a space on one side
    return not (numeric and (after.kind == "number" or (after.kind == "word" and len(after.text) == 1)))
