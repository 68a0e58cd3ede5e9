"""Rules of a PBX: its group name, and the logins made from it."""

import re

GROUP_NAME_LIMIT = 63
"""The longest label of a domain name (RFC 1035, section 2.3.4)."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SIGNS_SHOWN = 5


class InvalidGroupName(ValueError):
    """The group name cannot be used. `problems` has a sentence for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def check_group_name(text: str) -> str:
    """Return the group name without spaces around it. It is one label of a domain name, in lower case.

    A label of another alphabet (`xn--...`) is refused, because nobody can read it in a login.

    Raises:
        InvalidGroupName: phones could not use it.
    """
    name = text.strip()
    problems = _problems(name)
    if problems:
        raise InvalidGroupName(tuple(problems))
    if not _LABEL.fullmatch(name):
        raise InvalidGroupName(("The group name cannot be used as part of a login.",))
    return name


def login_of(extension: str, group_name: str) -> str:
    """The login of this extension: `<extension>@<group name>`."""
    return f"{extension}@{group_name}"


def _problems(name: str) -> list[str]:
    if not name:
        return ["The group name is empty. Type one, such as “wattle-plumbing”."]
    problems = []
    if len(name) > GROUP_NAME_LIMIT:
        problems.append(f"The group name has {len(name)} characters. It can have at most {GROUP_NAME_LIMIT}.")
    if any("A" <= sign <= "Z" for sign in name):
        problems.append("The group name has capital letters. Use lower case.")
    if any(sign.isspace() for sign in name):
        problems.append("The group name has a space or a line break inside. Use a hyphen instead.")
    if any(not sign.isprintable() and not sign.isspace() for sign in name):
        problems.append("The group name has an invisible character, perhaps from a copied text. Type it instead.")
    other = [sign for sign in dict.fromkeys(name) if sign.isprintable() and not sign.isspace() and not _is_plain(sign)]
    if other:
        shown = " ".join(other[:_SIGNS_SHOWN]) + (" and others" if len(other) > _SIGNS_SHOWN else "")
        problems.append(f"The group name can have only letters a to z, digits and hyphens, not “{shown}”.")
    if name.startswith("-") or name.endswith("-"):
        problems.append("The group name begins or ends with a hyphen. Use a letter or digit there.")
    if name[2:4] == "--":
        # RFC 5891, section 4.2.3.1: "xn--" is for other alphabets, and other names of this form are reserved.
        problems.append(f"The group name begins with “{name[:4]}”. Names that begin like this are reserved.")
    return problems


def _is_plain(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "-")
