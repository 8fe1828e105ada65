"""From a cloud of the site to a session that can log in. Imports the SDK: only the connection may import this."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import keystoneauth1.exceptions
import openstack.exceptions
from keystoneauth1.access import AccessInfo
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import OpenStackConfig

from base.errors import DeadhopError
from base.text import clip, inert
from probes.cloud.attempt import Stopped, current
from probes.cloud.files import ENVIRONMENT, read_entries
from probes.cloud.where import Where
from probes.cloud.wire import tame
from probes.errors import NotFound, ProbeError
from probes.site import Cloud

for _name in ("keystoneauth", "openstack", "urllib3", "stevedore"):
    _logger = logging.getLogger(_name)
    _logger.addHandler(logging.NullHandler())
    _logger.propagate = False  # they would write into the screen, and bodies of logins into anybody's log

_BY_HAND = "`openstack --os-cloud NAME token issue` must work with the same file"
_BELOW = "below `auth:` of the cloud, or in secure.yaml"
_PATH = "a relative path starts at the folder deadhop is started in"


@dataclass(slots=True)
class Login:
    """`given` is what a control node's files say; without it the operator's own files and environment count."""

    cloud: Cloud
    given: Mapping[str, Any] | None = None
    authority: bytes = b""
    """The CA that a control node's `cacert` names, for it is no file of this machine."""
    _file: int = -1
    _made: tuple[CloudRegion, Session] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def session(self) -> tuple[CloudRegion, Session]:
        """Made once. Stopped when the configuration is of no use. Nothing is sent yet."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> tuple[CloudRegion, Session]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the SDK, about old keys in files that work
                region = self._region()
                session = region.get_session()
        except DeadhopError:
            raise
        except keystoneauth1.exceptions.MissingRequiredOptions as error:
            names = ", ".join(f"`{option.dest}`" for option in error.options)
            raise self._useless(f"its login lacks {names}", _BELOW if self.cloud.config else _BY_HAND) from error
        except (openstack.exceptions.SDKException, keystoneauth1.exceptions.ClientException) as error:
            raise self._useless(said(error)) from error
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OSError) as error:
            raise self._useless(f"it is not in the form of a cloud ({type(error).__name__})") from error
        session.app_name = "deadhop"
        self._check_files(region)
        auth_url = str(region.config.get("auth", {}).get("auth_url") or "")
        if auth_url and urlsplit(auth_url).scheme not in ("http", "https"):
            raise self._useless("`auth_url` begins with neither `http://` nor `https://`")
        tame(session.session, auth_url)
        return region, session

    def _check_files(self, region: CloudRegion) -> None:
        """Those of TLS: requests would name neither the cloud nor the key."""
        verify, own = region.get_requests_verify_args()
        certificate, key = own if isinstance(own, tuple) else (own, None)
        for name, path in (("cacert", verify), ("cert", certificate), ("key", key)):
            if isinstance(path, str) and not os.access(path, os.R_OK):
                raise self._useless(
                    f"its `{name}` {inert(path)} is no file that can be read", self._where_files_lie()
                )

    def _where_files_lie(self) -> str:
        if self.given is None:
            return _PATH
        return f"it lies on {self.cloud.host} and is not fetched: give the cloud a `config` in site.yaml"

    def _region(self) -> CloudRegion:
        if self.given is not None:
            config = OpenStackConfig(load_yaml_config=False, load_envvars=False, session_constructor=_Session)
            given = {**self.given, **({"cacert": self._as_file()} if self.authority else {})}
            config.cloud_config = {"clouds": {self.cloud.name: given}}
            return config.get_one(cloud=self.cloud.name)
        if self.cloud.config is None:
            config = OpenStackConfig(load_yaml_config=False, session_constructor=_Session)
            return self._one(config, config.envvar_key or ENVIRONMENT)
        name = self.cloud.entry or self.cloud.name
        entries = read_entries(self.cloud.config)  # the SDK would leave a broken file out and not say so
        if name in entries:
            entries[name].good()
        beside = [str(self.cloud.config.with_name(f"secure{end}")) for end in (".yaml", ".yml", ".json")]
        override = os.environ.get("OS_CLIENT_SECURE_FILE")
        config = OpenStackConfig(
            config_files=[str(self.cloud.config)],
            secure_files=[*([override] if override else []), *beside, *_secure_elsewhere()],
            load_envvars=False,
            session_constructor=_Session,
        )
        return self._one(config, name)

    def _one(self, config: OpenStackConfig, name: str) -> CloudRegion:
        names = tuple(map(str, config.get_cloud_names()))
        if name in names:
            return config.get_one(cloud=name)
        where = str(self.cloud.config or "OS_*")
        hint = (
            f"there are: {', '.join(map(inert, names))}"
            if self.cloud.config
            else "are OS_AUTH_URL and the rest set?"
        )
        raise Stopped(NotFound, Where("config"), f"{where}: names no cloud {name}", hint=hint)

    def _useless(self, why: str, hint: str = _BY_HAND) -> Stopped:
        message = f"{self._place()}: the cloud {self.cloud.name} cannot be used: {why}"
        return Stopped(ProbeError, Where("config"), message, hint=hint)

    def _place(self) -> str:
        """With the line of the cloud, where there is one."""
        if self.cloud.config is None or self.given is not None:
            return f"what {self.cloud.host} has" if self.cloud.host else "OS_*"
        with suppress(DeadhopError):
            entry = read_entries(self.cloud.config).get(self.cloud.entry or self.cloud.name)
            return str(entry.place if entry else self.cloud.config)
        return str(self.cloud.config)

    def _as_file(self) -> str:
        """In memory: OpenSSL reads authorities from files only."""
        if self._file < 0:
            self._file = os.memfd_create("ca")
            os.write(self._file, self.authority)
        return f"/proc/self/fd/{self._file}"

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
            file, self._file = self._file, -1
        if made is not None:
            made[1].close()
        if file >= 0:
            os.close(file)


def _secure_elsewhere() -> list[str]:
    """The SDK looks for passwords in the same places as for clouds."""
    from openstack.config.loader import SECURE_FILES

    return list(SECURE_FILES)


class _Session(Session):
    def get_auth_headers(self, auth: Any = None) -> dict[str, str] | None:
        """keystoneauth asks for a list of versions again with a token when it is refused without, while it holds
        the lock that it needs to get that token, and would wait for itself for good."""
        if current().logging_in:
            raise keystoneauth1.exceptions.Unauthorized("the list of versions wants a login")
        return super().get_auth_headers(auth)


def access_of(session: Session) -> AccessInfo | None:
    """Logs in if need be. None for logins without Keystone, which know no catalogue."""
    auth, attempt = session.auth, current()
    if not isinstance(auth, BaseIdentityPlugin):
        return None
    attempt.logging_in = True
    try:
        return auth.get_access(session)
    except Exception as error:
        if type(error) is Exception:  # keystoneauth's, of a key of the login that was left out
            raise keystoneauth1.exceptions.AuthPluginException(said(error)) from error
        raise
    finally:
        attempt.logging_in = False


WITHOUT_NAME = "the token"
"""Stands for the user where nobody but a token is given."""


def user_of(region: CloudRegion) -> str:
    """Whom the configuration names."""
    auth = region.config.get("auth", {})
    name = auth.get("username") or auth.get("user_id") or auth.get("application_credential_id")
    return inert(str(name))[:100] if name else WITHOUT_NAME if auth.get("token") else "the user"


@dataclass(frozen=True, slots=True)
class Who:
    user: str = ""
    project: str = ""
    roles: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`demo of the project demo (roles: member)`."""
        scope = f" of the project {self.project}" if self.project else ""
        return f"{self.user or 'the user'}{scope} (roles: {', '.join(self.roles) or 'none'})"


def who(access: AccessInfo | None) -> Who:
    if access is None:
        return Who()
    names = (str(access.username or ""), str(access.project_name or ""))
    user, project = (clip(inert(name), 100) for name in names)
    return Who(user, project, tuple(clip(inert(str(role)), 60) for role in access.role_names or ()))


def said(error: BaseException) -> str:
    """The words of a library's error, in one line."""
    return clip(inert(" ".join(str(error).split())), 300)
