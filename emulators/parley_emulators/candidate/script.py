"""What a candidate says and does, as a YAML file."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from parley_emulators.candidate.errors import CandidateError


class Answer(BaseModel):
    """What is said in one turn. A plain string in the file is an answer with nothing but words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str = Field(min_length=1)
    barge_in_seconds: float | None = Field(
        None, gt=0, description="Cut in this long after the interviewer has begun, without waiting for the end."
    )


def _answer(value: Any) -> Any:
    return {"say": value} if isinstance(value, str) else value


class Script(BaseModel):
    """The whole of a candidate's part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: list[Annotated[Answer, BeforeValidator(_answer)]] = Field(
        default=[], description="The k-th answers the interviewer's k-th turn; out of answers, the candidate is silent."
    )
    pauses: list[float] = Field(default=[], description="Seconds of thought before the k-th answer.")
    reply_after_seconds: float = Field(0.7, gt=0, description="Silence after which the interviewer has finished.")
    leave_after_answers: int | None = Field(None, ge=0, description="Hang up after so many answers.")
    leave_after_seconds: float | None = Field(None, ge=0, description="Hang up so long after having joined.")

    def pause(self, number: int, default: float) -> float:
        """Seconds of thought before the answer of that number, from 0."""
        return self.pauses[number] if number < len(self.pauses) else default


def read_script(path: Path) -> Script:
    """Read a script.

    Raises:
        CandidateError: The file cannot be read or is no script; the message names the field.
    """
    try:
        return Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise CandidateError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise CandidateError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the document"
        raise CandidateError(f"{path}: {field}: {first['msg']}") from error
