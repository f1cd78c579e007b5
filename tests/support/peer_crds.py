"""The CRDs of others that our manifests are written for, as they publish them (`cluster/tools/peer-crds`)."""

from typing import Any

import yaml

from support.processes import tools

type Document = dict[str, Any]


def peer_crds() -> list[Document]:
    """Argo CD's, Flux's, External Secrets', KEDA's, the Prometheus operator's and the VPC resource controller's.

    Raises:
        FileNotFoundError: they are not there; the message says how to get them.
    """
    folder = tools() / "peer-crds"
    if not folder.is_dir():
        raise FileNotFoundError(f"peer-crds is not in {folder.parent}: run `cluster/parley-cluster tools peer-crds`")
    found = []
    for file in sorted(folder.glob("*.yaml")):
        documents = yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)
        found += [one for one in documents if one and one["kind"] == "CustomResourceDefinition"]
    return found
