"""A service of OpenStack has one name here, whoever packaged it: Debian's units, RDO's, kolla-ansible's containers.

`nova-compute` is nova-compute.service, openstack-nova-compute.service or kolla-nova_compute-container.service."""

from __future__ import annotations

_ELSEWHERE = {
    "rabbitmq": ("rabbitmq-server",),
    "mariadb": ("mariadb", "mysql", "mysqld"),
    "nova-api-metadata": ("nova-api-metadata", "openstack-nova-metadata-api"),
    "web-server": ("apache2", "httpd"),
}
"""Units that are not called like the service. Keystone and Placement run in a web server on Ubuntu and RDO."""
_CONTAINERS = {
    "ovs-vswitchd": "openvswitch_vswitchd",
    "ovsdb-server": "openvswitch_db",
    "nova-api-metadata": "nova_metadata",
}
_SERVICES = {name: service for service, names in _ELSEWHERE.items() for name in names}
_CONTAINED = {name: service for service, name in _CONTAINERS.items()}
_RDO = "openstack-"
_OF_RDO = ("nova-", "glance-", "placement-", "keystone", "cinder-", "heat-")
_KOLLA, _CONTAINER = "kolla-", "-container"


def service_of(unit: str) -> str:
    """What it is, by the name of its unit."""
    name = unit.removesuffix(".service")
    if is_container_unit(unit):
        inside = name.removeprefix(_KOLLA).removesuffix(_CONTAINER)
        return _CONTAINED.get(inside, inside.replace("_", "-"))
    return _SERVICES.get(name, name.removeprefix(_RDO))


def container_name(unit: str) -> str:
    """`neutron-openvswitch-agent.service` is kolla's `neutron_openvswitch_agent`."""
    service = service_of(unit)
    return _CONTAINERS.get(service, service.replace("-", "_"))


def own_unit(name: str) -> str:
    """That kolla-ansible makes for a container since 2023.1."""
    return f"{_KOLLA}{name}{_CONTAINER}.service"


def is_container_unit(unit: str) -> bool:
    name = unit.removesuffix(".service")
    return name.startswith(_KOLLA) and name.endswith(_CONTAINER)


def unit_names(unit: str) -> tuple[str, ...]:
    """Whatever its unit may be called; Debian's name first."""
    service = service_of(unit)
    plain = _ELSEWHERE.get(service, (service,))
    rdo = (f"{_RDO}{service}",) if service.startswith(_OF_RDO) and service not in _ELSEWHERE else ()
    return (*(f"{name}.service" for name in (*plain, *rdo)), own_unit(container_name(service)))
