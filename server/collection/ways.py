"""How a device is asked, as words of a command line: its protocols, and their secrets, which are never arguments."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

AUTHENTICATION = ("MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512")
PRIVACY = ("DES", "AES", "AES192", "AES256")
NONE = "none"
LARGEST_KEY_FILE = 20_000
SECRETS_COME = (
    "Secrets are asked for; without a terminal they are lines of standard input, in this order: SNMP community (with "
    "--user the authentication key, then the privacy key), SSH password, password of the out-of-band controller."
)

AskFor = Callable[[str], str]


def add_ways(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--snmp-version", choices=("1", "2c", "3", NONE), help="default 2c; 3 with --user")
    parser.add_argument("--snmp-port", type=int, default=161, metavar="N", help="default 161")
    parser.add_argument("--user", metavar="NAME", help="the user of SNMP v3")
    parser.add_argument("--auth", choices=(*AUTHENTICATION, NONE), default="SHA", help="of SNMP v3; default SHA")
    parser.add_argument("--privacy", choices=(*PRIVACY, NONE), default="AES", help="of SNMP v3; default AES")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        choices=("icmp", "trap", "syslog"),
        help="echoes, its traps, its log lines; several times if need be",
    )


def add_logins(parser: argparse.ArgumentParser) -> None:
    """What is each device's own, so that it is not asked of many at once."""
    parser.add_argument("--ssh", metavar="PLATFORM", help="back its configuration up daily, such as huawei_vrp")
    parser.add_argument("--ssh-user", metavar="NAME")
    parser.add_argument("--ssh-key", type=Path, metavar="FILE", help="a private key without a passphrase")
    parser.add_argument("--host-key", default="", metavar="KEY", help="the only host key that will do, or its SHA256:…")
    parser.add_argument("--bmc", choices=("redfish", "ipmi"), help="ask its out-of-band controller at the same address")
    parser.add_argument("--bmc-user", metavar="NAME")


def ways_of(args: argparse.Namespace, ask_for: AskFor) -> tuple[dict[str, Any], dict[str, Any]]:
    """(protocols, secrets by kind). Raises ValueError for words that do not go together."""
    protocols: dict[str, Any] = {name: {} for name in args.also}
    secrets: dict[str, Any] = {}
    version = args.snmp_version or ("3" if args.user else "2c")
    if (version == "3") != bool(args.user):
        raise ValueError("--user belongs to SNMP v3, and v3 needs it")
    if version != NONE:
        protocols["snmp"] = {"version": version, "port": args.snmp_port}
        secrets["snmp"] = _snmp_secret(args, version, ask_for)
    if getattr(args, "ssh", None):
        if not args.ssh_user:
            raise ValueError("--ssh needs --ssh-user")
        protocols["cli"] = {"platform": args.ssh, "backup": True}
        if args.host_key:
            protocols["cli"]["host_key"] = args.host_key
        told = {"private_key": _key(args.ssh_key)} if args.ssh_key else {"password": ask_for("SSH password")}
        secrets["ssh"] = {"user": args.ssh_user, **told}
    if getattr(args, "bmc", None):
        if not args.bmc_user:
            raise ValueError("--bmc needs --bmc-user")
        protocols[args.bmc] = {}
        secrets["bmc"] = {"user": args.bmc_user, "password": ask_for("password of the out-of-band controller")}
    if not protocols:
        raise ValueError("it would be asked by nothing: --snmp-version none needs --also, --ssh or --bmc")
    return protocols, secrets


def ask_secret(what: str) -> str:
    """Typed unseen, or the next line of standard input. Raises ValueError when nothing comes."""
    told = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not told:
        raise ValueError(f"no {what} given: type it, or give it as a line of standard input")
    return told


def _snmp_secret(args: argparse.Namespace, version: str, ask_for: AskFor) -> dict[str, str]:
    if version != "3":
        return {"community": ask_for("SNMP community")}
    told = {"user": args.user}
    if args.auth != NONE:
        told |= {"auth": args.auth, "auth_key": ask_for("SNMP authentication key")}
        if args.privacy != NONE:
            told |= {"privacy": args.privacy, "privacy_key": ask_for("SNMP privacy key")}
    return told


def _key(file: Path) -> str:
    try:
        with file.open(encoding="ascii") as opened:
            return opened.read(LARGEST_KEY_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: cannot be read: {type(error).__name__}") from None
