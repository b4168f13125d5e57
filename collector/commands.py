"""``zhishou collector``: enrol, run, check, record, scan, poll."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from collector.device_fields import DeviceFileError
from collector.protocols.snmp import Credential, Target, environment_credential, text_with_port
from collector.recording import RecordingError
from readings.catalogue import CatalogueError
from readings.model import SourceFailed

FAILED, ASKED_WRONGLY = 1, 2
AUTHENTICATION = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
PRIVACY = ("des", "aes128", "aes192", "aes256")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="recognise a device, read it once, explain what it said")
    what = check.add_mutually_exclusive_group(required=True)
    what.add_argument("address", nargs="?", metavar="ADDRESS", help="host or host:port")
    what.add_argument("--recording", type=Path, metavar="FILE", help="a .snmprec (also .bz2) instead of a device")
    check.add_argument("--json", action="store_true", help="{type, vendor, model, readings, unmapped, unasked}")
    check.add_argument("--lang", choices=("zh", "en"), default="en")
    add_credential(check)
    record = actions.add_parser("record", help="walk a device into a recording without names, serials and addresses")
    record.add_argument("address", metavar="ADDRESS", help="host or host:port")
    record.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="a .snmprec, never overwritten"
    )
    add_credential(record)
    scan = actions.add_parser("scan", help="find devices that speak SNMP in a network and say what they are")
    scan.add_argument("network", metavar="CIDR", help="such as 10.1.2.0/24; a /22 at most")
    scan.add_argument("--port", type=int, default=161)
    scan.add_argument("--rate", type=float, default=20.0, metavar="N", help="addresses begun in a second (default 20)")
    scan.add_argument(
        "--json", action="store_true", help="a list of {device_no, address, type, kind, vendor, model, name, serial}"
    )
    add_credential(scan)
    poll = actions.add_parser("poll", help="ask the devices of a list until stopped, into the spool")
    poll.add_argument("--devices", type=Path, required=True, metavar="FILE", help="the list (collector/device_list.py)")
    poll.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder of the spool")
    poll.add_argument("--once", action="store_true", help="ask each once and end")
    add_centre(actions)


def add_centre(actions: Any) -> None:
    """What has to do with a centre. ``actions`` are the subparsers."""
    enrol = actions.add_parser(
        "enrol", help="use up an enrolment token (ZHISHOU_ENROLMENT_TOKEN, or standard input) for a credential"
    )
    run_ = actions.add_parser("run", help="ask the devices the centre lists and send what was read until stopped")
    for action in (enrol, run_):
        action.add_argument("--server", metavar="URL", required=action is enrol, help="the centre's address")
        action.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder of spool and credential")
        action.add_argument("--ca", type=Path, metavar="FILE", help="the certificate authority of the centre")
    run_.add_argument("--listen", default="0.0.0.0", metavar="IP", help="where traps and syslog come (default: all)")  # noqa: S104 - devices are elsewhere; who may speak is in the device list
    run_.add_argument("--trap-port", type=int, default=162, metavar="N", help="0: none (default 162)")
    run_.add_argument("--syslog-port", type=int, default=514, metavar="N", help="0: none (default 514)")
    run_.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def add_credential(parser: argparse.ArgumentParser) -> None:
    """SNMP by community (v1, v2c) or user (v3); secrets come from the environment, never from the command line."""
    parser.add_argument("--community", metavar="NAME", help="else ZHISHOU_SNMP_COMMUNITY, else public")
    parser.add_argument("--v1", action="store_true", help="speak SNMP v1 (no GETBULK)")
    parser.add_argument("--user", metavar="NAME", help="SNMP v3; keys from ZHISHOU_SNMP_AUTH and ZHISHOU_SNMP_PRIV")
    parser.add_argument("--auth", choices=AUTHENTICATION, default="sha1")
    parser.add_argument("--priv", choices=PRIVACY, default="aes128")
    parser.add_argument("--context", default="", metavar="NAME", help="SNMP v3 context (tolerant transport only)")
    parser.add_argument("--transport", choices=("quick", "tolerant"), default="quick", help="tolerant: for odd agents")
    parser.add_argument("--timeout", type=float, default=3.0, metavar="S", help="for each request (default 3)")


def target_of(args: argparse.Namespace, address: str, environment: Mapping[str, str]) -> Target:
    """Whom the words of a command line mean. Raises ValueError."""
    host, port = text_with_port(address)
    version = 3 if args.user else 1 if args.v1 else 2
    written = Credential(
        version, args.community or "", args.user or "", args.auth, privacy=args.priv, context=args.context
    )
    credential = environment_credential(environment, written)
    return Target(host, port, credential, args.timeout, tolerant=args.transport == "tolerant")


def run(args: argparse.Namespace) -> int:
    try:
        action = import_module(f"collector.actions.{args.action}")
        return int(action.act(args))
    except BrokenPipeError:
        raise  # whoever read our output went away: zhishou.py knows what to do
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {"collector", "readings"}:
            raise
        return complain(f"{error.name} is not installed here: pip install 'zhishou[collector]'")
    except (RecordingError, SourceFailed, OSError) as error:
        return complain(str(error))
    except (CatalogueError, DeviceFileError, ValueError) as error:
        return complain(str(error), ASKED_WRONGLY)


def complain(text: str, code: int = FAILED) -> int:
    print(f"zhishou collector: {text}", file=sys.stderr)
    return code
