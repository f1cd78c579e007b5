"""What the watches do when the API server does not know them."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes.aio.config import incluster_config
from parley_crds import GROUP, INTERVIEW_PLURAL, VERSION
from parley_operator.shell.watch.watching import Watch
from support.control_plane import ControlPlane
from support.operator_site import WAIT
from support.wait import until


def test_a_watch_whose_token_is_refused_ends(
    control_plane: ControlPlane, crds: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So that the program ends and its pod is started again, with the token that is good by then."""
    (tmp_path / "token").write_text("nobody's")
    server = urlsplit(control_plane.url)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(control_plane.ca_file))
    watch = Watch("resources", ["default"])
    watch.on(GROUP, VERSION, INTERVIEW_PLURAL, lambda _: None)
    watch.start()
    try:
        until("the watch has ended", lambda: not watch.alive, WAIT)
    finally:
        watch.stop()
