"""systemd units of the OpenStack services."""

from collections.abc import Mapping, Sequence

from lab.bash import lines, write
from lab.cloud.config import ControlPlane
from lab.cloud.wsgi import environment, uwsgi

CONTROL = (
    "placement-api",
    "glance-api",
    "nova-api",
    "nova-api-metadata",
    "neutron-api",
    "neutron-rpc-server",
    "nova-conductor",
    "nova-scheduler",
)
"""Started together, once the broker, the databases and Keystone answer."""


def unit(name: str, argv: Sequence[str], env: Mapping[str, str], **service: str) -> str:
    """bash that writes the unit; `service` are further lines of its section [Service]."""
    return write(
        f"/etc/systemd/system/{name}.service",
        lines(
            "[Unit]",
            f"Description=OpenStack {name}",
            "After=openvswitch.service",
            "[Service]",
            *(f'Environment="{_quoted(f"{key}={value}")}"' for key, value in env.items()),
            "ExecStart=" + " ".join(f'"{_quoted(word).replace("$", "$$")}"' for word in argv),
            f"SyslogIdentifier={name}",
            "Restart=on-failure",
            *(f"{key}={value}" for key, value in {"RestartSec": "2", "TimeoutStopSec": "15", **service}.items()),
            "[Install]",
            "WantedBy=multi-user.target",
        ),
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def infrastructure(cloud: ControlPlane) -> str:
    """MariaDB and RabbitMQ, with little memory and no wish to survive a power cut."""
    return unit("mariadb", _mariadb(cloud), {}) + unit("rabbitmq-server", _RABBIT, _rabbit_environment(cloud))


def _mariadb(cloud: ControlPlane) -> list[str]:
    return [
        "/usr/sbin/mariadbd",
        *("--no-defaults", "--user=root", f"--datadir={cloud.data}/mysql", "--socket=/run/mysqld/mysqld.sock"),
        *("--skip-networking", "--max-connections=500", "--character-set-server=utf8mb4"),
        *("--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"),
        "--performance-schema=OFF",
    ]


_RABBIT = ["/usr/lib/rabbitmq/bin/rabbitmq-server"]


def _rabbit_environment(cloud: ControlPlane) -> dict[str, str]:
    """One scheduler that sleeps when there is nothing to do; names that need no name server."""
    erl = "+S 1:1 +sbwt none +A 8 -kernel inet_dist_use_interface {127,0,0,1}"
    return {
        "HOME": f"{cloud.data}/rabbit",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": cloud.address,
        "RABBITMQ_CONFIG_FILE": "/etc/rabbitmq/rabbitmq",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{cloud.data}/rabbit/plugins",
        "RABBITMQ_MNESIA_BASE": f"{cloud.data}/rabbit/mnesia",
        "RABBITMQ_LOG_BASE": "/var/log/rabbitmq",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erl,
    }


def services(cloud: ControlPlane) -> str:
    """Everything of OpenStack that runs on the controller and is no agent."""
    ports, env = cloud.ports, environment(cloud)
    apis = (
        ("keystone", "keystone.wsgi.api", ports.keystone),
        ("placement-api", "placement.wsgi.api", ports.placement),
        ("glance-api", "glance.wsgi.api", ports.glance),
        ("nova-api", "nova.wsgi.osapi_compute", ports.nova),
        ("nova-api-metadata", "nova.wsgi.metadata", ports.metadata),
        ("neutron-api", "neutron.wsgi.api", ports.neutron),
    )
    daemons = {
        "neutron-rpc-server": [],  # it finds its files by the environment, as the API does
        "nova-conductor": ["--config-file", f"{cloud.etc}/nova/nova.conf"],
        "nova-scheduler": ["--config-file", f"{cloud.etc}/nova/nova.conf"],
    }
    return "".join(
        [
            *(unit(name, uwsgi(cloud, module, port), _own_tmp(env, name)) for name, module, port in apis),
            *(
                unit(name, [f"{cloud.venv}/bin/{name}", *args], _own_tmp(env, name))
                for name, args in daemons.items()
            ),
        ]
    )


def _own_tmp(env: Mapping[str, str], name: str) -> dict[str, str]:
    """Neutron leaves marks there that a second process would take for its own."""
    return {**env, "TMPDIR": f"/run/openstack/{name}"}
