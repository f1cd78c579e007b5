"""The API group's names, as they appear in manifests, URLs and RBAC rules."""

from typing import Final

GROUP: Final = "parley.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "parley.dev/v1alpha1"

INTERVIEW_KIND: Final = "Interview"
INTERVIEW_PLURAL: Final = "interviews"
TEMPLATE_KIND: Final = "InterviewTemplate"
TEMPLATE_PLURAL: Final = "interviewtemplates"

OPERATOR_MANAGER: Final = "parley-operator"
"""Field manager of the operator's server-side applies."""
API_MANAGER: Final = "parley-api"
"""Field manager of the API's server-side applies: `status.session` and the API's two conditions."""
