"""``zhishou agent check``: one pass over this host, printed."""

from __future__ import annotations

import argparse
import json
import sys

from agent.check import one_pass, print_delivery, print_table, rows
from agent.host.root import Root
from agent.settings import Settings
from readings.catalogue import load_catalogue


def act(settings: Settings, args: argparse.Namespace) -> int:
    taken = one_pass(Root.under(settings.root))
    if args.json:
        json.dump([row.as_json() for row in rows(taken)], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_table(taken, load_catalogue(), args.lang, sys.stdout)
        print_delivery(settings, args.lang, sys.stdout)
    return 0
