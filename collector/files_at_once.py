"""How many files this process may have open: every device that is asked over UDP has a socket of its own."""

from __future__ import annotations

WANTED = 16_384


def many_files() -> int:
    """As many as we want, or the system lets us; how many. Most systems give 1,024, too few for 1,000 devices."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft if soft != resource.RLIM_INFINITY else WANTED
