"""A unit of systemd for one service, as text: what it may do, and nothing else, each line with its reason. Nothing is written here."""

from __future__ import annotations

import getpass
import pwd
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from feeder.config import Config
from feeder.errors import FeederError

__all__ = ["Facts", "facts", "unit"]

LOW = 1024  # ports below are for root, unless a capability says otherwise
SPARE = ("/tmp", "/var/tmp")  # noqa: S108 - what lies there would not be seen by a service with a /tmp of its own
HOMES = ("/home", "/root", "/run/user")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a unit depends on. All paths are absolute.

    `command` starts the service. `writes` are the folders it writes to, `reads` those of its articles. `secrets` are variables of the environment
    that name a file (FEEDER_…_FILE), or one that is still to be made (""); `environ` are other variables. `loopback`: it neither serves nor
    asks anybody off this machine. A `port` below 1024 needs a capability. `own`: it is for the user's own service manager.
    """

    command: Sequence[str]
    folder: Path
    writes: Sequence[Path]
    reads: Sequence[Path]
    user: str
    name: str = "feeder"
    title: str = "Feeder"
    secrets: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    loopback: bool = True
    port: int = 8000
    own: bool = False


def facts(config: Config, environ: Mapping[str, str], *, secrets: Sequence[str], user: str | None, own: bool) -> Facts:
    """What a unit for this configuration depends on, as this very program is called.

    `secrets` are the variables that hold one. Without `user` it is the owner of the configuration's folder, or "feeder" where that is root.
    """
    said = {name: value for name, value in environ.items() if name.startswith("FEEDER_") and value}
    kept = {f"{name}_FILE": said.get(f"{name}_FILE", "") for name in secrets if f"{name}_FILE" in said or name in said}
    others = {name: value for name, value in sorted(said.items()) if name not in secrets and name not in kept}
    script = Path(sys.executable).parent / "feeder"
    program = [str(script)] if script.is_file() else [sys.executable, "-m", "feeder"]
    asked = (*config.websub.hubs, *([config.summary.llm.base_url or ""] if config.summary.kind == "llm" else []))
    return Facts(
        command=[*program, "run", *(["--config", str(config.file)] if config.file else [])],
        folder=config.root,
        writes=(config.state, config.output.folder),
        reads=(config.input.folder,),
        user=user or (getpass.getuser() if own else _owner(config.root)),
        name="feeder" if config.name == config.root.name else f"feeder-{_slug(config.name)}",
        title=config.feed.title,
        secrets=kept,
        environ=others,
        loopback=config.serve.host in ("127.0.0.1", "::1", "localhost") and not asked and config.schedule.heartbeat is None,
        port=config.serve.port,
        own=own,
    )


def _owner(folder: Path) -> str:
    with suppress(OSError, KeyError):
        if number := folder.stat().st_uid:
            return pwd.getpwuid(number).pw_name
    return "feeder"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-") or "feed"


def unit(facts: Facts) -> str:
    """The unit. Raises FeederError where a path cannot be written in one."""
    sections = (_head(facts), _unit(facts), _service(facts), _install(facts))
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _head(facts: Facts) -> Iterator[str]:
    place = f"~/.config/systemd/user/{facts.name}.service" if facts.own else f"/etc/systemd/system/{facts.name}.service"
    way = "systemctl --user" if facts.own else "sudo systemctl"
    yield f"# {place}, printed by `feeder systemd` for {_plain(facts.folder)}"
    yield "# To run it:"
    yield f"#   feeder systemd {'--for-me ' if facts.own else ''}| {'tee' if facts.own else 'sudo tee'} {place}"
    yield f"#   {way} daemon-reload"
    yield f"#   {way} enable --now {facts.name}"
    if facts.own:
        yield '# It stops when you log out, unless you say once: sudo loginctl enable-linger "$USER"'


def _unit(facts: Facts) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description={_specified(' '.join(facts.title.split()))}"
    if not facts.own:
        yield from ("Wants=network-online.target", "After=network-online.target")
        yield f"RequiresMountsFor={_words([facts.folder, *facts.writes, *facts.reads])}"


def _service(facts: Facts) -> Iterator[str]:
    yield "[Service]"
    yield "# It says itself when the first cycle is out, and that it is alive; a cycle that hangs is cured before the watchdog runs out."
    yield from ("Type=notify", "NotifyAccess=main", "WatchdogSec=90s", "TimeoutStartSec=3min", "TimeoutStopSec=15s")
    yield "# The colon: nothing in the command is a variable."
    yield f"ExecStart=:{' '.join(map(_quoted, facts.command))}"
    yield "ExecReload=kill -HUP $MAINPID"
    yield f"WorkingDirectory={_line(facts.folder)}"
    yield "# 78: the configuration is wrong, 2: the command is; starting again mends neither."
    yield from ("Restart=on-failure", "RestartSec=5s", "RestartPreventExitStatus=2 78")
    yield from _environment(facts)
    if not facts.own:
        yield from _user(facts)
        yield from _files(facts)
        yield from _kernel()
    yield from _rights(facts)
    yield from _network(facts)
    yield from _calls()


def _environment(facts: Facts) -> Iterator[str]:
    if facts.environ:
        yield "# What the environment says that this unit was printed in."
    yield from (f"Environment={_quoted(f'{name}={value}')}" for name, value in facts.environ.items())
    if facts.secrets:
        yield "# Secrets are files that only root need be able to read; the service sees copies that nobody else does."
    for variable, file in facts.secrets.items():
        label = variable.removeprefix("FEEDER_").removesuffix("_FILE").lower().replace("__", "-")
        yield f"LoadCredential={label}:{_line(Path(file or f'/etc/feeder/{label}'))}"
        yield f"Environment={variable}=%d/{label}"


def _user(facts: Facts) -> Iterator[str]:
    yield "# Whose the folders are; choose another with --user."
    yield f"User={facts.user}"
    yield "# Pages are for everybody, a web server of another user too."
    yield "UMask=0022"


def _files(facts: Facts) -> Iterator[str]:
    yield "# The whole system is read-only, but for the output and the ledger."
    yield from ("ProtectSystem=strict", f"ReadWritePaths={_words(facts.writes)}", f"ReadOnlyPaths={_words(facts.reads)}")
    homes = any(path.is_relative_to(home) for path in (facts.folder, *facts.writes, *facts.reads, Path(facts.command[0])) for home in HOMES)
    if homes:
        yield "# Something of it lies in a home; the others are read-only, too."
    yield f"ProtectHome={'read-only' if homes else 'yes'}"
    yield "# No device but /dev/null and the like, a /tmp of its own, and of /proc its own processes."
    spare = not any(path.is_relative_to(place) for path in (facts.folder, *facts.writes, *facts.reads) for place in SPARE)
    yield f"PrivateTmp={'yes' if spare else 'no'}"
    yield from ("PrivateDevices=yes", "PrivateMounts=yes", "ProtectProc=invisible", "ProcSubset=pid", "RemoveIPC=yes")


def _kernel() -> Iterator[str]:
    yield "# Nothing of the kernel, the clock or the host is its business."
    for name in ("KernelTunables", "KernelModules", "KernelLogs", "ControlGroups", "Clock", "Hostname"):
        yield f"Protect{name}=yes"


def _rights(facts: Facts) -> Iterator[str]:
    if facts.port < LOW and facts.port and not facts.own:
        yield f"# No right of root's but that to listen on port {facts.port}, and no way to more."
        yield from ("CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE")
    else:
        yield "# No right of root's, and no way to one."
        if not facts.own:
            yield from ("CapabilityBoundingSet=", "AmbientCapabilities=", "PrivateUsers=yes")
    yield from ("NoNewPrivileges=yes", "RestrictSUIDSGID=yes", "RestrictNamespaces=yes", "RestrictRealtime=yes", "LockPersonality=yes")


def _network(facts: Facts) -> Iterator[str]:
    yield "# Sockets of the Internet, and those to the service manager and the resolver."
    yield "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"
    if facts.loopback and not facts.own:
        yield "# It serves this machine alone and asks nobody elsewhere. Take this away for hubs, a language model or a monitor."
        yield from ("IPAddressDeny=any", "IPAddressAllow=localhost")


def _calls() -> Iterator[str]:
    yield "# Of the system's calls those that services need, none of another architecture, and no memory that is both written and run."
    yield from ("SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources")
    yield from ("SystemCallErrorNumber=EPERM", "MemoryDenyWriteExecute=yes")


def _install(facts: Facts) -> Iterator[str]:
    yield from ("[Install]", f"WantedBy={'default' if facts.own else 'multi-user'}.target")


# -- how systemd wants things written (systemd.syntax(7), systemd.service(5)) ------------------------------------------------------


def _specified(text: str) -> str:
    """A text in which % is no specifier."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """One word of a command, or an assignment: in quotes, C-escaped."""
    return f'"{_specified(_legal(word)).replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'


def _line(path: Path) -> str:
    """A path that is all of a line: nothing is quoted there, and nothing escaped but %."""
    word = _legal(str(path))
    if word.endswith("\\") or word != word.strip():
        raise FeederError(f"{word!r} cannot be written in a unit: rename the folder, without a space or a backslash at its end")
    return _specified(word)


def _words(paths: Sequence[Path]) -> str:
    """Paths in a list: in quotes, in which nothing is escaped, so a quotation mark stands in quotes of the other kind."""
    return " ".join(dict.fromkeys(_specified(_word(_legal(str(path)))) for path in paths))


def _word(word: str) -> str:
    if re.fullmatch(r"[\w/.@:+,=%-]+", word, re.ASCII):
        return word
    return "".join(f"'{part}'" if '"' in part else f'"{part}"' for part in re.findall(r'"+|[^"]+', word))


def _legal(word: str) -> str:
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", word):
        raise FeederError(f"{word!r} cannot be written in a unit: rename it, in UTF-8 and without control characters")
    return word


def _plain(path: Path) -> str:
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "?", str(path))
