"""What every convention is made of: parameters, rules and the arguments of a rule."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

__all__ = ["Carrier", "Convention", "Rule"]


class Carrier(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one value travels in a request."""

    place: Annotated[
        Literal["query", "header", "path", "cookie", "bearer", "basic_user", "basic_password", "form", "body"],
        Meta(description="The part of the request. `bearer`, `basic_user` and `basic_password` are parts of Authorization."),
    ] = field(name="in")
    name: Annotated[str, Meta(description="The parameter, header, cookie or body member (a JSON pointer). Unused in Authorization.")] = ""
    prefix: Annotated[str, Meta(description="Text before the value, such as `Token `.")] = ""


class Rule(Struct, frozen=True):
    """One promise that a clause may bind: what it says, and the type of its arguments, if it takes any."""

    says: str
    arguments: type[Struct] | None = None


class Convention(Struct, frozen=True):
    """A kind of behaviour: the type of its parameters and its rules by name."""

    parameters: type[Struct]
    rules: dict[str, Rule]

    def parse(self, written: dict[str, Any]) -> Struct:
        """The parameters from their written form; raises `msgspec.ValidationError`."""
        import msgspec

        return msgspec.convert(written, self.parameters)
