"""Paths to the Kubernetes API: whatever a caller sends as a name stays a name."""

import pytest
from parley_api.kube import KubeError, interviews_path
from yarl import URL

ROOT = "/apis/parley.dev/v1alpha1"


def test_a_name_with_slashes_reaches_no_other_path() -> None:
    sent = URL(f"https://kube{interviews_path('hiring', '../../secrets')}")
    assert sent.raw_path == f"{ROOT}/namespaces/hiring/interviews/..%2F..%2Fsecrets"


@pytest.mark.parametrize(("namespace", "name"), [("hiring", "."), ("hiring", ".."), ("..", "ada"), (".", None)])
def test_a_name_that_a_client_would_fold_away_names_nothing(namespace: str, name: str | None) -> None:
    with pytest.raises(KubeError) as refused:
        interviews_path(namespace, name)
    assert refused.value.status == 404
