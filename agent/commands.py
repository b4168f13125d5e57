"""``zhishou agent``: run, check, enrol."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType

from agent.settings import DEFAULT_SERVER, Settings, SettingsError, check_server, load_settings

FAILED, ASKED_WRONGLY = 1, 2
MOST_FACTS = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run_ = actions.add_parser("run", help="read this host and send what was read until stopped")
    run_.add_argument("--interval", type=float, metavar="S", help="seconds between passes (default 15)")
    check = actions.add_parser("check", help="one pass over this host, printed: every value, every gap and why")
    check.add_argument("--json", action="store_true", help="a list of {metric, part, value} or {metric, part, gap}")
    check.add_argument("--lang", choices=("zh", "en"), default="en")
    check.add_argument("--root", type=Path, metavar="DIR", help="where proc and sys are (default /)")
    enrol = actions.add_parser("enrol", help="use an enrolment token up and keep the credential it gives")
    enrol.add_argument(
        "--token", metavar="TOKEN", help="else the environment's ZHISHOU_ENROLMENT_TOKEN, or standard input"
    )
    for action in (run_, check, enrol):
        action.add_argument("--config", type=Path, metavar="FILE", help="settings (default /etc/zhishou/agent.toml)")
        action.add_argument("--state", type=Path, metavar="DIR", help="folder of the spool and the credential")
    for action in (run_, enrol):
        action.add_argument("--server", metavar="URL", help="the centre's address")
        action.add_argument("--ca", type=Path, metavar="FILE", help="the certificate authority of the centre")


def run(args: argparse.Namespace) -> int:
    try:
        settings = load_settings(
            args.config,
            os.environ,
            state=args.state,
            server=getattr(args, "server", None),
            ca_file=getattr(args, "ca", None),
            root=getattr(args, "root", None),
            interval_s=getattr(args, "interval", None),
        )
    except SettingsError as error:
        return _complain(str(error), ASKED_WRONGLY)
    if args.action == "check":
        return _check(settings, as_json=args.json, lang=args.lang)
    return _enrol(settings, args.token) if args.action == "enrol" else _run(settings)


def _complain(text: str, code: int = FAILED) -> int:
    print(f"zhishou agent: {text}", file=sys.stderr)
    return code


def _check(settings: Settings, *, as_json: bool, lang: str) -> int:
    from agent.check import one_pass, print_delivery, print_table, rows  # noqa: PLC0415 - only what the action needs
    from agent.host.root import Root  # noqa: PLC0415 - each command loads only what it runs
    from readings.catalogue import load_catalogue  # noqa: PLC0415 - each command loads only what it runs

    taken = one_pass(Root.under(settings.root))
    if as_json:
        json.dump([row.as_json() for row in rows(taken)], sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print_table(taken, load_catalogue(), lang, sys.stdout)
        print_delivery(settings, lang, sys.stdout)
    return 0


def _enrol(settings: Settings, token: str | None) -> int:
    from agent import enrolment  # noqa: PLC0415 - each command loads only what it runs
    from agent.credential import keep  # noqa: PLC0415 - each command loads only what it runs
    from agent.host.identity import facts  # noqa: PLC0415 - each command loads only what it runs
    from agent.host.root import Root  # noqa: PLC0415 - each command loads only what it runs
    from agent.https import client  # noqa: PLC0415 - each command loads only what it runs

    given = token or os.environ.get("ZHISHOU_ENROLMENT_TOKEN") or sys.stdin.readline().strip()
    if not given:
        return _complain("enrol: no token given", ASKED_WRONGLY)
    known = dict(list(facts(Root.under(settings.root)).items())[:MOST_FACTS])
    try:
        server = settings.server or DEFAULT_SERVER
        with client(server, settings.ca_file) as http:
            credential = enrolment.enrol(http, server, given, socket.gethostname()[:200], known)
        file = keep(settings.state, credential)
    except (enrolment.EnrolmentFailed, OSError) as error:
        return _complain(str(error))
    print(f"enrolled as {credential.agent_id}, device {credential.device_no}; credential kept in {file}")
    return 0


def _run(settings: Settings) -> int:
    from agent.clocks import clocks_of  # noqa: PLC0415 - each command loads only what it runs
    from agent.credential import CredentialUnusable, kept  # noqa: PLC0415 - each command loads only what it runs
    from agent.host.root import Root  # noqa: PLC0415 - each command loads only what it runs
    from agent.host.sources import host_sources  # noqa: PLC0415 - each command loads only what it runs
    from agent.https import client  # noqa: PLC0415 - each command loads only what it runs
    from agent.oslog.sources import log_sources  # noqa: PLC0415 - each command loads only what it runs
    from agent.running import Delivery, Passes, work  # noqa: PLC0415 - each command loads only what it runs
    from agent.transport import Transport  # noqa: PLC0415 - each command loads only what it runs
    from readings.delivery.place import SpoolInUse  # noqa: PLC0415 - each command loads only what it runs
    from readings.delivery.spool import Spool  # noqa: PLC0415 - each command loads only what it runs
    from readings.delivery.uplink import Uplink  # noqa: PLC0415 - each command loads only what it runs

    os.umask(0o077)  # the spool holds what programs logged
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = _stopped_by_signals()
    try:
        credential = kept(settings.state)
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        spool = Spool(
            settings.state / "spool.db",
            max_bytes=settings.spool_max_bytes,
            max_age_s=settings.spool_max_age_s,
            interval_s=settings.interval_s,
        )
        server = check_server(settings.server or (credential.server if credential else DEFAULT_SERVER))
        http = client(server, settings.ca_file)
    except (CredentialUnusable, SpoolInUse, OSError, ValueError) as error:
        return _complain(str(error))
    log = logging.getLogger("agent")
    root = Root.under(settings.root)
    clocks = clocks_of(root)
    delivery = Delivery(spool)
    uplink = None
    if credential is None:
        log.warning("not enrolled: readings are kept in %s and go nowhere (zhishou agent enrol)", settings.state)
    else:
        uplink = delivery.uplink = Uplink(spool, Transport(http, credential.credential).post, clocks)
        log.info("%s for device %s, sending to %s", credential.agent_id, credential.device_no, server)
    passes = Passes([*host_sources(root), delivery], log_sources(root, clocks, spool.marks()), spool, clocks)
    try:
        work(passes, uplink, settings.interval_s, stop)
    finally:
        http.close()
        spool.close()
    log.info("stopped")
    return 0


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    return stop
