"""``zhishou person``: adding and listing the people who may sign in."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from server.command_line import REFUSALS, actor, add_data, complain, now, open_records, say
from server.people.passwords import make_password
from server.people.posts import POSTS
from server.people.register import all_people, change_password, change_person, create_person
from server.people.scopes import SCOPES

PASSWORD = "ZHISHOU_PERSON_PASSWORD"  # noqa: S105 - the variable's name
POST_LIST = "posts: " + ", ".join(f"{post.key} {post.zh}" for post in POSTS.values())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser(
        "create",
        help="add a person",
        epilog=f"{POST_LIST}. The password comes from "
        f"{PASSWORD}, else is asked for, else (no terminal) is made and printed once.",
    )
    create.add_argument("name", help="what is typed to sign in")
    create.add_argument("--post", action="append", default=[], choices=[*POSTS], metavar="POST", help="may be repeated")
    create.add_argument("--scope", choices=SCOPES, default="write", help="default write")
    create.add_argument("--display", default="", metavar="NAME", help="the name shown and signed with")
    create.add_argument("--language", choices=("zh", "en"), default="zh", help="default zh")
    add_data(create)
    add_data(actions.add_parser("list", help="everybody, with posts and scope"))
    change = actions.add_parser("change", help="give other posts or another scope; disable or enable", epilog=POST_LIST)
    change.add_argument("name")
    change.add_argument("--post", action="append", choices=[*POSTS], metavar="POST", help="all posts held from now on")
    change.add_argument("--scope", choices=SCOPES)
    change.add_argument("--disable", dest="disabled", action="store_true", default=None, help="end all sessions too")
    change.add_argument("--enable", dest="disabled", action="store_false")
    add_data(change)
    password = actions.add_parser("password", help="set a new password; ends all sessions")
    password.add_argument("name")
    add_data(password)


def run(args: argparse.Namespace) -> int:
    try:
        return {"create": create, "list": listing, "change": change, "password": password}[args.action](args)
    except REFUSALS as error:
        return complain(f"person {args.action}", error)


def create(args: argparse.Namespace) -> int:
    given, made = ask_password(args.name)
    with open_records(args) as records:
        person = create_person(
            records,
            name=args.name,
            password=given,
            posts=args.post,
            scope=args.scope,
            display_name=args.display,
            language=args.language,
            actor=actor(),
            now=now(),
        )
    say(f"{person.name}: scope {person.scope}, posts {', '.join(person.posts) or 'none'}")
    if made:
        say(f"password (shown this once): {given}")
    return 0


def listing(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        for person in all_people(records):
            state = " disabled" if person.disabled_ms else ""
            posts = ",".join(person.posts) or "-"
            say(f"{person.name}\t{person.scope}\t{posts}\t{person.display_name}{state}")
    return 0


def change(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        person = change_person(
            records, args.name, posts=args.post, scope=args.scope, disabled=args.disabled, actor=actor(), now=now()
        )
    state = ", disabled" if person.disabled_ms else ""
    say(f"{person.name}: scope {person.scope}, posts {', '.join(person.posts) or 'none'}{state}")
    return 0


def password(args: argparse.Namespace) -> int:
    given, made = ask_password(args.name)
    with open_records(args) as records:
        change_password(records, args.name, password=given, actor=actor(), now=now())
    say(f"{args.name}: new password set" + (f" (shown this once): {given}" if made else ""))
    return 0


def ask_password(name: str) -> tuple[str, bool]:
    """The password, and whether it was made here. Raises ValueError when it is typed differently twice."""
    if given := os.environ.get(PASSWORD):
        return given, False
    if not sys.stdin.isatty():
        return make_password(), True
    first = getpass.getpass(f"password of {name} (empty: make one): ")
    if not first:
        return make_password(), True
    if getpass.getpass("again: ") != first:
        raise ValueError("typed differently the second time")
    return first, False
