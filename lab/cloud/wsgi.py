"""How the APIs of OpenStack are served: one uWSGI process each."""

from lab.cloud.config import ControlPlane


def uwsgi(cloud: ControlPlane, module: str, port: int) -> list[str]:
    """argv. uWSGI closes each connection after its answer; it must say so, or clients that keep connections now
    and then meet "Connection reset by peer"."""
    return [
        str(cloud.venv / "bin/pyuwsgi"),
        *("--http-socket", f"{cloud.address}:{port}", "--module", f"{module}:application"),
        *("--virtualenv", str(cloud.venv), "--add-header", "Connection: close"),
        *("--master", "--processes", "1", "--threads", "4", "--enable-threads", "--lazy-apps", "--thunder-lock"),
        *("--need-app", "--die-on-term", "--buffer-size", "65535", "--log-5xx", "--disable-logging"),
    ]


def environment(cloud: ControlPlane) -> dict[str, str]:
    """Where the services' WSGI modules look for their configuration."""
    services = ("keystone", "placement", "glance", "nova", "neutron")
    return {
        "PATH": f"{cloud.venv}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf;ml2_conf.ini",
        **{f"OS_{name.upper()}_CONFIG_DIR": str(cloud.etc / name) for name in services},
    }
