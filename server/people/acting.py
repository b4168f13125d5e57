"""Acts of people that go into a record: who may, why not, and the password once more for what is signed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from server.people import door
from server.people.passwords import fits
from server.people.posts import POSTS
from server.people.tables import Person
from server.records import Records
from server.times import to_ms


class ActRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The act cannot be done, and nothing was changed. ``clause``: what it breaks ("1.5-20", "2.1-7", "DESIGN 4").

    ``status`` is the HTTP answer: 403 may not, 409 not now, 422 not like this, 429 wait. ``zh`` is the same sentence in
    Chinese, for the pages.
    """

    def __init__(self, detail: str, *, zh: str = "", clause: str = "", status: int = 409) -> None:
        super().__init__(f"clause {clause}: {detail}" if clause else detail)
        self.zh = (f"依据 {clause}：{zh}" if clause else zh) if zh else ""
        self.clause = clause
        self.status = status


def check_post(person: Person, posts: Collection[str], doing: str, *, clause: str, zh: str = "") -> None:
    """Raises ActRefused unless the person holds one of these posts. ``doing``: "start a verification"."""
    if not set(person.posts) & set(posts):
        listed = [POSTS[key] for key in POSTS if key in posts]
        wanted = " / ".join(f"{post.key} ({post.zh})" for post in listed)
        names = "、".join(post.zh for post in listed)
        held = ", ".join(person.posts) or "none"
        raise ActRefused(
            f"to {doing} one must hold {wanted}; {person.name} holds: {held}",
            zh=f"{zh or doing}须由{names}进行，{person.display_name}不任此岗",
            clause=clause,
            status=403,
        )


def check_password_again(records: Records, person: Person, password: str, address: str, now: datetime) -> None:
    """For what is signed. Wrong ones count as failed sign-ins do. Blocks while argon2 works. Raises ActRefused."""
    now_ms = to_ms(now)
    with records.session() as session:
        wait = door.wait_ms(session, person.name, address, now_ms)
    if wait:
        seconds = -(-wait // 1000)
        raise ActRefused(
            f"too many wrong passwords: try again in {seconds} s", zh=f"口令错得太多，请等 {seconds} 秒", status=429
        )
    if not fits(password, person.password_hash):
        with records.writing() as session:
            door.note_failure(session, person.name, address, now_ms)
        raise ActRefused("the password does not fit: nothing was signed", zh="口令不符，没有签署", status=403)
