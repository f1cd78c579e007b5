"""Objects for the tests of the CRDs, and a way to have the API server judge one without keeping it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support.control_plane import ControlPlane

Document = dict[str, Any]
Judge = Callable[[Document], str]

INTERVIEW = """
apiVersion: parley.dev/v1alpha1
kind: Interview
metadata: {name: ada}
spec:
  templateRef: {name: backend}
  candidate: {name: Ada Lovelace, externalId: c-1}
"""
TEMPLATE = """
apiVersion: parley.dev/v1alpha1
kind: InterviewTemplate
metadata: {name: backend}
spec:
  title: Backend engineer
  interviewer: {name: Robin, greeting: Hello., closing: Goodbye.}
  questions:
  - {id: why, text: "Why do you want to work here?"}
  consent: {text: An AI interviews you., version: "1"}
"""


@pytest.fixture
def interview() -> Document:
    """The smallest Interview that names its candidate."""
    document: Document = yaml.safe_load(INTERVIEW)
    return document


@pytest.fixture
def template() -> Document:
    """The smallest InterviewTemplate."""
    document: Document = yaml.safe_load(TEMPLATE)
    return document


@pytest.fixture
def judge(control_plane: ControlPlane, crds: None) -> Judge:
    """Ask the API server whether it would take an object: what it answers in words, empty when it would."""

    def judge(document: Document) -> str:
        answer = control_plane.kubectl(
            "create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(document), check=False
        )
        return answer.stderr

    return judge
