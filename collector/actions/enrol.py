"""``zhishou collector enrol``: the centre proves itself, then a token is used up for a credential."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from collector.commands import ASKED_WRONGLY, complain
from readings.delivery.address import check_server
from readings.delivery.credential import keep
from readings.delivery.enrolment import EnrolmentFailed, enrol
from readings.delivery.https import Untrusted, client
from readings.delivery.trust import authority_for, pin, pinned, token_of


def act(args: argparse.Namespace) -> int:
    """Raises ValueError for an address that is none."""
    server = check_server(args.server)
    given = os.environ.get("ZHISHOU_ENROLMENT_TOKEN") or sys.stdin.readline().strip()
    if not given:
        return complain("enrol: no token given", ASKED_WRONGLY)
    try:
        token = token_of(given)
        args.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        pin(args.state, authority_for(server, token, args.ca))
        with client(server, pinned(args.state, args.ca)) as http:
            credential = enrol(http, server, token.secret, socket.gethostname()[:200], {"role": "collector"})
        file = keep(args.state, credential)
    except (EnrolmentFailed, Untrusted, OSError) as error:
        return complain(str(error))
    sys.stdout.write(f"enrolled as {credential.agent_id}, device {credential.device_no}; credential kept in {file}\n")
    return 0
