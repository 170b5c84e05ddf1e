"""How a section of params.yaml is described, read and refused.

Each key carries one sentence that says what is allowed. It is the message for every wrong value of
that key, of whatever kind the mistake is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import InputError, counted, did_you_mean, listed
from pipeline.files import read_text
from pipeline.yaml12 import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic.fields import FieldInfo

MAX_SEED = 2**32 - 1  # NumPy's legacy generator, which scikit-learn seeds, takes 32 bits
_STRICT = ConfigDict(
    frozen=True,
    strict=True,
    allow_inf_nan=False,
    defer_build=True,  # a section is checked as a part of the whole, and never needs its own
)


class Section(BaseModel):
    """A section of params.yaml: frozen, exact types, no unknown key."""

    model_config = ConfigDict(**_STRICT, extra="forbid")


class StageParams(BaseModel):
    """What one stage reads of params.yaml; the other sections are not its business."""

    model_config = ConfigDict(**_STRICT, extra="ignore")


_Params = TypeVar("_Params", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One wrong key: its path, and what is wrong with it."""

    key: str
    what: str

    def __str__(self) -> str:
        """Give the line of the message."""
        return f"{self.key}: {self.what}"


class ParamsError(InputError):
    """All that is wrong in params.yaml, a line for each key."""

    def __init__(self, problems: Sequence[Problem], where: str) -> None:
        """Take the problems in the order in which they are to be shown."""
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(
            f"{counted(len(problems), 'problem')}{lines}",
            where,
            f"correct {where}; no stage was run with it",
        )
        self.problems = tuple(problems)


def allowed(sentence: str, **constraints: Any) -> Any:  # noqa: ANN401  # pydantic.Field's own types
    """Describe a key: the constraints, and the sentence that says them to the user."""
    return Field(description=sentence, **constraints)


def parse_params(model: type[_Params], document: object, where: str) -> _Params:
    """Check a document against the model. Raises ParamsError with every problem found."""
    if not isinstance(document, dict):
        keys = listed(model.model_fields)
        raise InputError("no sections in it", where, f"give it the sections {keys}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = (_problem(model, document, item) for item in error.errors(include_url=False))
        problems = {problem.key: problem for problem in found}
        raise ParamsError(list(problems.values()), where) from error


def load_params(model: type[_Params], path: Path) -> _Params:
    """Read what `model` describes from params.yaml. Raises InputError."""
    return parse_params(model, parse_yaml(read_text(path), path.name), path.name)


def _problem(model: type[BaseModel], document: Any, error: Any) -> Problem:  # noqa: ANN401  # pydantic's errors are untyped
    """Say one of pydantic's errors in our words; parts of a union fall together in one key."""
    name, *inner = error["loc"]
    field = model.model_fields.get(str(name))
    if field is None:
        return Problem(str(name), _unknown(str(name), model.model_fields))
    if name not in document:
        return Problem(name, f"missing; allowed is {_allowed(field)}")
    if not inner or not _is_section(field.annotation):
        return Problem(name, _wrong(document[name], field))
    section: Any = field.annotation
    problem = _problem(section, document[name], {**error, "loc": inner})
    return Problem(f"{name}.{problem.key}", problem.what)


def _unknown(key: str, fields: dict[str, FieldInfo]) -> str:
    return f"unknown key{did_you_mean(key, fields)}; allowed: {listed(fields, most=30)}"


def _wrong(given: object, field: FieldInfo) -> str:
    near = did_you_mean(given, _choices(field.annotation)) if isinstance(given, str) else ""
    return f"got {given!r}{near}; allowed is {_allowed(field)}"


def _allowed(field: FieldInfo) -> str:
    if _is_section(field.annotation):
        return f"a section with the keys {listed(field.annotation.model_fields, most=30)}"  # type: ignore[union-attr]
    return field.description or str(field.annotation)


def _is_section(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _choices(annotation: object) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    return [choice for part in get_args(annotation) for choice in _choices(part)]
