"""The pinned content of a template: read from its snapshot, which never changes, so what was read is kept."""

from collections import OrderedDict

from parley_crds import Interview, InterviewTemplateSpec

from parley_api.kube import Kube, resource_path
from parley_api.problems import ProblemError

KEPT = 256


class Templates:
    """Pinned templates by their revision; a bounded number is kept."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._kept: OrderedDict[tuple[str, str], InterviewTemplateSpec] = OrderedDict()

    async def pinned(self, interview: Interview) -> InterviewTemplateSpec:
        """The template's spec that the interview was accepted with.

        Raises:
            ProblemError: 403 `not-yet-open`, the operator has not accepted the interview yet.
            KubeError: the snapshot could not be read.
        """
        pinned = interview.status.template
        if pinned is None:
            raise ProblemError(403, "not-yet-open", "The interview is being set up; the link works soon.")
        namespace = interview.metadata.namespace or ""
        key = (namespace, pinned.revision)
        spec = self._kept.get(key)
        if spec is None:
            path = resource_path("/apis/apps/v1", "controllerrevisions", namespace, pinned.revision)
            spec = InterviewTemplateSpec.model_validate((await self._kube.get(path))["data"])
            self._kept[key] = spec
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return spec
