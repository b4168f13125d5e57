"""``zhishou server``: the centre as one process (run), and the certificate it shows (init)."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

from server.command_line import REFUSALS, add_data, complain, now, say, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run_it = actions.add_parser("run", help="serve until SIGTERM or Ctrl-C")
    add_data(run_it)
    add_listening(run_it)
    init = actions.add_parser("init", help="make a certificate authority and the centre's certificate, or take yours")
    add_data(init)
    init.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name or address agents and browsers use; several times if need be (default: this host's name)",
    )
    for word, what in (("cert", "your certificate, with what stands between it and the CA"), ("key", "its key")):
        init.add_argument(f"--{word}", type=Path, metavar="FILE", help=f"{what}, PEM")
    init.add_argument("--ca", type=Path, metavar="FILE", help="the certificate authority that agents are to trust, PEM")
    init.add_argument("--new-ca", action="store_true", help="another authority than before: agents must enrol again")
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
    if args.action == "init":
        return init(args)
    from server.serve import serve  # noqa: PLC0415 - `zhishou server --help` needs no web server

    try:
        return serve(settings_from(args), args.listen_fd)
    except REFUSALS as error:
        return complain("server run", error)


def init(args: argparse.Namespace) -> int:
    """Again: the same authority signs for the names that are given now; a centre that runs takes it over by itself."""
    from server.tls.brought import Brought, take  # noqa: PLC0415 - `zhishou server --help` needs no cryptography
    from server.tls.certificates import CertificateRefused, Certificates  # noqa: PLC0415 - the same

    given = [args.cert, args.key, args.ca]
    try:
        settings = settings_from(args)
        certificates = Certificates(settings.data)
        if any(given) and not all(given):
            raise CertificateRefused("--cert, --key and --ca belong together")
        if all(given):
            shown = take(certificates, Brought(*given), args.name, now(), new_authority=args.new_ca)
        else:
            shown = certificates.make(args.name or [socket.gethostname()], now())
    except (*REFUSALS, OSError) as error:
        return complain("server init", error)
    say(f"certificate for {', '.join(shown.names)}; ends {shown.ends:%Y-%m-%d}")
    say("renewed by the running centre" if shown.ours else "yours: bring a new one before it ends")
    say(f"agents trust {certificates.authority}, SHA-256 fingerprint {shown.fingerprint}")
    return 0
