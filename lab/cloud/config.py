"""Configuration files of the OpenStack services, as deployment tools write them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "labpass"
"""Of every account; nothing of the lab can be reached from outside."""
REGION = "RegionOne"
CLOUD = "lab"
"""Name of the administrator in clouds.yaml; `lab-demo` is a user without rights in the project `demo`."""

Sections = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Ports:
    keystone: int = 5000
    neutron: int = 9696
    nova: int = 8774
    placement: int = 8778
    glance: int = 9292
    metadata: int = 8775


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where the services of one cloud listen and keep what they know."""

    address: str
    ports: Ports
    etc: Path
    data: Path
    """Databases, keys and images."""
    state: Path
    """Parent of the folders in which services keep what they do."""
    venv: Path
    database: str
    """URL with {} for the database's name."""
    transport: str
    """URL of the message broker."""
    physical_networks: tuple[str, ...]

    def url(self, port: int, path: str = "") -> str:
        return f"http://{self.address}:{port}{path}"

    @property
    def auth_url(self) -> str:
        return self.url(self.ports.keystone, "/v3")


def ini(sections: Sections) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in sections.items()
    )


def login(cloud: ControlPlane, user: str) -> dict[str, object]:
    """What a service needs to talk to Keystone."""
    return {
        "auth_url": cloud.auth_url,
        "auth_type": "password",
        "project_domain_name": "Default",
        "user_domain_name": "Default",
        "project_name": "service",
        "username": user,
        "password": PASSWORD,
    }


def keystone_conf(cloud: ControlPlane) -> str:
    return ini(
        {
            "DEFAULT": {"use_stderr": "true"},
            "database": {"connection": cloud.database.format("keystone")},
            "token": {"provider": "fernet"},
            "fernet_tokens": {"key_repository": cloud.data / "fernet"},
            "credential": {"key_repository": cloud.data / "credential"},
            "oslo_messaging_notifications": {"driver": "noop"},
        }
    )


def neutron_conf(cloud: ControlPlane) -> str:
    """Without the database's section, as on hosts that only run agents; `database` gives it."""
    return ini(
        {
            "DEFAULT": {
                "transport_url": cloud.transport,
                "rpc_response_timeout": 20,
                "core_plugin": "ml2",
                "service_plugins": "router,trunk",
                "auth_strategy": "keystone",
                "api_paste_config": cloud.etc / "neutron/api-paste.ini",
                "state_path": cloud.state / "neutron",
                "host": "controller",
                "use_stderr": "true",
                "rpc_workers": 1,
                "rpc_state_report_workers": 0,
                "agent_down_time": 12,  # real sites: 75 and 30; nobody wants to wait that long in a test
                "notify_nova_on_port_status_changes": "false",
                "notify_nova_on_port_data_changes": "false",
                "global_physnet_mtu": 1500,
            },
            "AGENT": {
                "report_interval": 4,
                "root_helper": "env",  # everything runs as root: a wrapper that does nothing
                "root_helper_daemon": "",
            },
            **_common(cloud, "neutron"),
        }
    )


def database(cloud: ControlPlane, name: str, section: str = "database") -> str:
    return ini({section: {"connection": cloud.database.format(name)}})


def ml2_conf(cloud: ControlPlane) -> str:
    networks = cloud.physical_networks
    return ini(
        {
            "ml2": {
                "type_drivers": "flat,vlan,vxlan",
                "tenant_network_types": "vxlan",
                "mechanism_drivers": "openvswitch",
                "extension_drivers": "port_security",
            },
            "ml2_type_flat": {"flat_networks": ",".join(networks)},
            "ml2_type_vlan": {"network_vlan_ranges": f"{networks[0]}:100:199"},
            "ml2_type_vxlan": {"vni_ranges": "1:1000"},
            "securitygroup": {"enable_security_group": "true"},
        }
    )


def nova_conf(cloud: ControlPlane) -> str:
    """Without the databases' sections, as on hypervisors."""
    return ini(
        {
            "DEFAULT": {
                "transport_url": cloud.transport,
                "rpc_response_timeout": 20,
                "use_stderr": "true",
                "host": "controller",
                "my_ip": cloud.address,
                "state_path": cloud.state / "nova",
                "vif_plugging_is_fatal": "false",  # the lab's driver does not wait for Neutron
                "vif_plugging_timeout": 0,
                "service_down_time": 12,
                "report_interval": 4,
                "update_resources_interval": 30,
            },
            "conductor": {"workers": 1},
            "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": -1},
            "vnc": {"enabled": "false"},
            "neutron": {
                "service_metadata_proxy": "true",
                "metadata_proxy_shared_secret": PASSWORD,
                **_region(cloud, "neutron"),
            },
            "placement": _region(cloud, "placement"),
            "glance": _region(cloud, "glance"),
            "service_user": {"send_service_user_token": "true", **_region(cloud, "nova")},
            **_common(cloud, "nova"),
        }
    )


def placement_conf(cloud: ControlPlane) -> str:
    return ini(
        {
            "DEFAULT": {"use_stderr": "true"},
            "api": {"auth_strategy": "keystone"},
            "placement_database": {"connection": cloud.database.format("placement")},
            **_common(cloud, "placement"),
        }
    )


def glance_conf(cloud: ControlPlane) -> str:
    store = cloud.data / "glance"
    return ini(
        {
            "DEFAULT": {
                "use_stderr": "true",
                "enabled_backends": "file:file",
                "enabled_import_methods": "[]",
                "worker_self_reference_url": cloud.url(cloud.ports.glance),
            },
            "database": {"connection": cloud.database.format("glance")},
            "glance_store": {"default_backend": "file"},
            "file": {"filesystem_store_datadir": store / "images"},
            "os_glance_staging_store": {"filesystem_store_datadir": store / "staging"},
            "os_glance_tasks_store": {"filesystem_store_datadir": store / "tasks"},
            "paste_deploy": {"flavor": "keystone", "config_file": cloud.etc / "glance/glance-api-paste.ini"},
            **_common(cloud, "glance"),
        }
    )


def clouds_yaml(cloud: ControlPlane) -> str:
    """JSON, which YAML contains."""
    accounts = {CLOUD: ("admin", "admin"), f"{CLOUD}-demo": ("demo", "demo")}
    return json.dumps({"clouds": {name: _account(cloud, *who) for name, who in accounts.items()}}, indent=2) + "\n"


def _account(cloud: ControlPlane, user: str, project: str) -> dict[str, object]:
    return {
        "auth": {
            "auth_url": cloud.auth_url,
            "username": user,
            "password": PASSWORD,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": REGION,
        "identity_api_version": "3",
    }


def _region(cloud: ControlPlane, user: str) -> dict[str, object]:
    return {**login(cloud, user), "region_name": REGION}


def _common(cloud: ControlPlane, user: str) -> dict[str, dict[str, object]]:
    return {
        "keystone_authtoken": {"www_authenticate_uri": cloud.auth_url, **login(cloud, user)},
        "oslo_messaging_notifications": {"driver": "noop"},
        "oslo_concurrency": {"lock_path": cloud.data / "lock"},
    }
