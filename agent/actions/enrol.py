"""``zhishou agent enrol``: a token is used up for a credential."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from agent.commands import ASKED_WRONGLY, complain
from agent.credential import keep
from agent.enrolment import EnrolmentFailed, enrol
from agent.host.identity import facts
from agent.host.root import Root
from agent.https import client
from agent.settings import DEFAULT_SERVER, Settings

MOST_FACTS = 50


def act(settings: Settings, args: argparse.Namespace) -> int:

    given = args.token or os.environ.get("ZHISHOU_ENROLMENT_TOKEN") or sys.stdin.readline().strip()
    if not given:
        return complain("enrol: no token given", ASKED_WRONGLY)
    known = dict(list(facts(Root.under(settings.root)).items())[:MOST_FACTS])
    try:
        server = settings.server or DEFAULT_SERVER
        with client(server, settings.ca_file) as http:
            credential = enrol(http, server, given, socket.gethostname()[:200], known)
        file = keep(settings.state, credential)
    except (EnrolmentFailed, OSError) as error:
        return complain(str(error))
    said = f"enrolled as {credential.agent_id}, device {credential.device_no}; credential kept in {file}"
    sys.stdout.write(f"{said}\n")
    return 0
