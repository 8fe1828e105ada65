"""Neutron without a broker and a database server, for `python -m lab api`.

As a WSGI module: Neutron's API, its RPC server and simulated agents in one process, joined by oslo.messaging's
transport in memory. As a script (light_neutron.py FILE): the tables in sqlite. Neutron's migrations cannot run
on sqlite, so the tables are made from the models, and the default rules of security groups, which only a
migration inserts, by hand.
"""

import importlib
import os
import sys
import threading
from typing import Any

import sqlalchemy as sa


def create_schema(path: str) -> None:
    from neutron.db.migration.models import head

    meta = head.get_metadata()
    engine = sa.create_engine(f"sqlite:///{path}")
    meta.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        for direction in ("egress", "ingress"):
            for ethertype in ("IPv4", "IPv6"):
                _add_default_rule(connection, meta.tables, direction, ethertype)


def _add_default_rule(connection: sa.Connection, tables: Any, direction: str, ethertype: str) -> None:
    from oslo_utils import uuidutils

    attributes, rules = tables["standardattributes"], tables["securitygroupdefaultrules"]
    kind = attributes.insert().values(resource_type="securitygroupdefaultrules")
    from_others = "PARENT" if direction == "ingress" else None
    rule = {
        "id": uuidutils.generate_uuid(),
        "standard_attr_id": connection.execute(kind).inserted_primary_key[0],
        "direction": direction,
        "ethertype": ethertype,
        "remote_group_id": from_others,
        "used_in_default_sg": True,
        "used_in_non_default_sg": from_others is None,
    }
    connection.execute(rules.insert().values(**rule))


def begin_at_once() -> None:
    """sqlite's own BEGIN takes no lock: a transaction that reads first and writes later fails with "database is
    locked" when another thread wrote in between. With the lock taken at BEGIN they queue."""

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", _immediate, retval=True)


def _immediate(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> tuple[str, Any]:
    return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters


def serve() -> Any:
    begin_at_once()
    from neutron.wsgi.api import application
    from neutron_lib.plugins import directory

    agents = importlib.import_module("simulated_agents")
    for plugin in directory.get_unique_plugins():
        if hasattr(plugin, "start_rpc_listeners"):
            plugin.start_rpc_listeners()
    agents.register()
    folder = os.environ["LAB_AGENTS"]
    threading.Thread(target=agents.report, args=(folder,), daemon=True).start()
    return application


if __name__ == "__main__":
    create_schema(sys.argv[1])
else:
    application = serve()
