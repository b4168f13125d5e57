"""``zhishou collector run``: ask the devices the centre lists and send what was read, until stopped."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os

from collector.asked_by_probes import probe_polls
from collector.asked_by_snmp import snmp_polls
from collector.cli.ssh import Sessions
from collector.clocks import look
from collector.commands import complain
from collector.device_files import load_device_types
from collector.places import Places
from collector.probes.kinds import probe_kinds
from collector.probes.registers import load_maps
from collector.program import Settings, run, stopped_by_signals
from readings.catalogue import load_catalogue
from readings.delivery.address import check_server
from readings.delivery.credential import CredentialUnusable, kept
from readings.delivery.place import SpoolInUse
from readings.delivery.trust import pinned


def act(args: argparse.Namespace) -> int:
    """Raises what the device files and register maps raise, ValueError, OSError."""
    os.umask(0o077)  # the spool holds what devices logged, and configurations lie beside it
    logging.basicConfig(level=args.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = stopped_by_signals()
    try:
        credential = kept(args.state)
    except CredentialUnusable as error:
        return complain(str(error))
    if credential is None:
        return complain(f"{args.state}: not enrolled (zhishou collector enrol): nobody says what is to be asked")
    server = check_server(args.server or credential.server)
    settings = Settings(
        args.state,
        dataclasses.replace(credential, server=server),
        pinned(args.state, args.ca),
        args.listen,
        args.trap_port,
        args.syslog_port,
    )
    catalogue, sessions = load_catalogue(), Sessions(args.state / "known_hosts")
    kinds = probe_kinds(load_maps(catalogue), sessions, args.state / "configurations")
    makers = [
        snmp_polls(load_device_types(catalogue), look),
        probe_polls(kinds, Places(args.state / "places"), look),
    ]
    try:
        run(settings, makers, stop)
    except SpoolInUse as error:
        return complain(str(error))
    finally:
        sessions.close()
    return 0
