"""kubectl from the namespace the lab was started in, as an operator's own machine has it."""

import os

from lab.errors import LabError
from lab.instance import Instance


def kubectl(lab: Instance, arguments: list[str]) -> None:
    """Becomes kubectl with the admin's kubeconfig; does not return."""
    require_cluster(lab)
    environment = {**os.environ, "KUBECONFIG": str(lab.kubeconfig)}
    os.execve(lab.kubernetes / "bin" / "hyperkube", ["kubectl", *arguments], environment)


def require_cluster(lab: Instance) -> None:
    if not lab.kubeconfig.exists():
        raise LabError(f"the lab {lab.name!r} has no Kubernetes", hint="python -m lab up --kube")
