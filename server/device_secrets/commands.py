"""``zhishou secrets``: the key that seals the devices' secrets, made, changed, and forgotten."""

from __future__ import annotations

import argparse
import os

from server.command_line import REFUSALS, actor, add_data, complain, now, open_records, say, settings_from
from server.device_secrets.keeping import keys_in_use, seal_anew
from server.device_secrets.keys import KeyRefused, key_path, make_key, read_keys, write_keys
from server.device_secrets.vault import Vault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for word, what in (
        ("init", "make the key file, for this user alone; keep a copy of it apart from the backups of the data"),
        ("rotate", "make a new key and seal every secret with it; the old key stays, for older backups"),
        ("forget", "drop the keys that seal nothing any more: what older backups hold can then not be opened"),
    ):
        add_data(actions.add_parser(word, help=what))


def run(args: argparse.Namespace) -> int:
    try:
        path = key_path(settings_from(args).data, os.environ)
        if args.action == "init":
            if path.exists():
                read_keys(path)
                say(f"{path}: there already")
                return 0
            write_keys(path, [make_key()])
            say(f"{path}: made; without it no secret can be opened: keep a copy apart from the backups")
        elif args.action == "rotate":
            write_keys(path, [make_key(), *read_keys(path)])
            with open_records(args) as records:
                count = seal_anew(records, Vault(path), actor=actor(), now=now())
            say(f"{path}: a new key; {count} secrets are sealed with it")
        else:
            with open_records(args) as records:
                used = keys_in_use(records)
            keys = read_keys(path)
            kept = [key for index, key in enumerate(keys) if index == 0 or key.id in used]
            write_keys(path, kept)
            say(f"{path}: {len(keys) - len(kept)} keys forgotten, {len(kept)} kept")
    except (*REFUSALS, KeyRefused, OSError) as error:
        return complain(f"secrets {args.action}", error)
    return 0
