"""``zhishou agent enrol``: the centre proves itself, then a token is used up for a credential."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from agent.commands import ASKED_WRONGLY, complain
from agent.host.identity import facts
from agent.host.root import Root
from agent.settings import DEFAULT_SERVER, Settings
from readings.delivery.credential import keep
from readings.delivery.enrolment import EnrolmentFailed, enrol
from readings.delivery.https import Untrusted, client
from readings.delivery.trust import authority_for, pin, pinned, token_of

MOST_FACTS = 50


def act(settings: Settings, args: argparse.Namespace) -> int:

    given = args.token or os.environ.get("ZHISHOU_ENROLMENT_TOKEN") or sys.stdin.readline().strip()
    if not given:
        return complain("enrol: no token given", ASKED_WRONGLY)
    if args.token:
        sys.stderr.write("zhishou agent: --token can be read by everybody on this host while this runs; ")
        sys.stderr.write("standard input or ZHISHOU_ENROLMENT_TOKEN cannot\n")
    known = dict(list(facts(Root.under(settings.root)).items())[:MOST_FACTS])
    try:
        token = token_of(given)
        server = settings.server or DEFAULT_SERVER
        pin(settings.state, authority_for(server, token, settings.ca_file))
        with client(server, pinned(settings.state, settings.ca_file)) as http:
            credential = enrol(http, server, token.secret, socket.gethostname()[:200], known)
        file = keep(settings.state, credential)
    except (EnrolmentFailed, Untrusted, OSError) as error:
        return complain(str(error))
    said = f"enrolled as {credential.agent_id}, device {credential.device_no}; credential kept in {file}"
    sys.stdout.write(f"{said}\n")
    return 0
