"""``zhishou server run``: the centre as one process."""

from __future__ import annotations

import argparse

from server.command_line import REFUSALS, add_data, complain, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run_it = actions.add_parser("run", help="serve until SIGTERM or Ctrl-C")
    add_data(run_it)
    add_listening(run_it)
    run_it.add_argument("--listen-fd", type=int, metavar="FD", help="serve on this socket, opened by who starts us")


def add_listening(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and who may be between us and the browser."""
    parser.add_argument("--host", help="address to listen on (ZHISHOU_HOST; default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (ZHISHOU_PORT; default 8650; 0: any free one)")
    parser.add_argument(
        "--behind-tls-proxy",
        metavar="ADDRESS",
        help="address of the proxy in front, where TLS ends; without it nothing listens beyond loopback",
    )
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), help="default info")


def run(args: argparse.Namespace) -> int:
    from server.serve import serve  # noqa: PLC0415 - `zhishou server --help` needs no web server

    try:
        return serve(settings_from(args), args.listen_fd)
    except REFUSALS as error:
        return complain("server run", error)
