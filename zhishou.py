"""The one command. Sub-commands import only the role they run."""


def main() -> int:
    """Entry point of ``zhishou``."""
    raise SystemExit("zhishou: no command yet")
