"""The posts of an operations department, and which of them one person may not hold together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    key: str
    zh: str
    en: str


POSTS = {
    post.key: post
    for post in (
        Post("sysadmin", "系统管理岗", "system admin"),
        Post("dba", "数据库管理岗", "database admin"),
        Post("netadmin", "网络管理岗", "network admin"),
        Post("appadmin", "应用系统管理岗", "application admin"),
        Post("room_admin", "机房管理岗", "machine-room admin"),
        Post("security_admin", "安全管理岗", "security admin"),
        Post("config_admin", "配置管理岗", "configuration admin"),
        Post("media_admin", "备份介质管理岗", "backup-media admin"),
        Post("tech_service", "技术服务岗", "technical service"),
        Post("general_admin", "综合管理岗", "general admin"),
        Post("ops_head", "运维负责人", "head of operations"),
        Post("dept_head", "技术部门负责人", "head of the IT department"),
    )
}

# 1.1-4: 安全管理岗位人员不能兼任网络管理岗、系统运行岗或数据库管理岗等关键岗位. 系统运行岗 runs the systems: here the
# system and application admins. Auxiliary posts (room, configuration, media, service, general) may be held beside it.
NOT_WITH_SECURITY_ADMIN = frozenset({"netadmin", "sysadmin", "appadmin", "dba"})


class PostRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """These posts cannot be given to one person; the text says which and by which clause."""


def check_posts(posts: Iterable[str]) -> list[str]:
    """The posts, each once, in the order of the list above. Raises PostRefused."""
    wanted = set(posts)
    if unknown := sorted(wanted - POSTS.keys()):
        raise PostRefused(f"no such post: {', '.join(unknown)} (there are: {', '.join(POSTS)})")
    clash = wanted & NOT_WITH_SECURITY_ADMIN if "security_admin" in wanted else set()
    if clash:
        held = "、".join(POSTS[key].zh for key in POSTS if key in clash)
        raise PostRefused(
            f"clause 1.1-4: security_admin (安全管理岗) may not also hold {', '.join(sorted(clash))} ({held}): "
            "who checks must not be who operates"
        )
    return [key for key in POSTS if key in wanted]
