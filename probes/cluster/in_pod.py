"""The login of the pod that deadhop runs in, as Kubernetes gives it to every pod with a service account."""

from __future__ import annotations

import os
from pathlib import Path

from probes.cluster.kubeconfig import Login, Pem, Server, User

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def is_in_pod() -> bool:
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and (ACCOUNT / "token").exists()


def pod_login() -> Login | None:
    """None where this is no pod."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{word}", "") for word in ("HOST", "PORT"))
    if not host:
        return None
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Login(
        Server(str(ACCOUNT), url, Pem(file=ACCOUNT / "ca.crt")), User(str(ACCOUNT), bearer_file=ACCOUNT / "token")
    )
