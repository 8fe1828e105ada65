"""Service users, the catalogue of services, and the project `demo` with a member that has no other rights.

Usage: catalogue.py PASSWORD NAME=TYPE=URL…; may be run again.
"""

import sys
from typing import Any

import openstack


def fill(identity: Any, password: str, services: list[list[str]]) -> None:
    roles = {role.name: role for role in identity.roles()}
    for name in {"service", "admin", "member", "reader"} - roles.keys():
        roles[name] = identity.create_role(name=name)
    project = _project(identity, "service")
    for name, kind, url in services:
        user = _user(identity, name, password, project)
        for role in ("admin", "service"):
            identity.assign_project_role_to_user(project, user, roles[role])
        _add_service(identity, name, kind, url)
    demo = _project(identity, "demo")
    identity.assign_project_role_to_user(demo, _user(identity, "demo", password, demo), roles["member"])


def _project(identity: Any, name: str) -> Any:
    return identity.find_project(name) or identity.create_project(name=name, domain_id="default")


def _user(identity: Any, name: str, password: str, project: Any) -> Any:
    return identity.find_user(name) or identity.create_user(
        name=name, password=password, domain_id="default", default_project_id=project.id
    )


def _add_service(identity: Any, name: str, kind: str, url: str) -> None:
    known = (service for service in identity.services() if service.type == kind)
    service = next(known, None) or identity.create_service(name=name, type=kind)
    present = {endpoint.interface for endpoint in identity.endpoints(service_id=service.id)}
    for interface in {"public", "internal", "admin"} - present:
        identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id="RegionOne")


if __name__ == "__main__":
    fill(openstack.connect().identity, sys.argv[1], [argument.split("=", 2) for argument in sys.argv[2:]])
