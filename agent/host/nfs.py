"""/proc/net/rpc/nfs and nfsd: remote calls made as a client, answered as a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.host.kernel_files import count_of, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

# In the order of the kernel's counters: RFC 1094, RFC 1813, include/linux/nfs4.h (client), RFC 7530 (server).
V2 = (
    "null getattr setattr root lookup readlink read wrcache write create remove rename link symlink mkdir rmdir"
    " readdir fsstat"
)
V3 = (
    "null getattr setattr lookup access readlink read write create mkdir symlink mknod remove rmdir rename link readdir"
    " readdirplus fsstat fsinfo pathconf commit"
)
V4_CLIENT = (
    "null read write commit open open_confirm open_noattr open_downgrade close setattr fsinfo renew setclientid"
    " setclientid_confirm lock lockt locku access getattr lookup lookup_root remove rename link symlink create pathconf"
    " statfs readlink readdir server_caps delegreturn getacl setacl fs_locations release_lockowner secinfo"
    " fsid_present exchange_id create_session destroy_session sequence get_lease_time reclaim_complete layoutget"
    " getdeviceinfo layoutcommit layoutreturn secinfo_no_name test_stateid free_stateid getdevicelist"
    " bind_conn_to_session destroy_clientid seek allocate deallocate layoutstats clone"
)
V4_OPERATIONS = (
    "op0 op1 op2 access close commit create delegpurge delegreturn getattr getfh link lock lockt locku lookup lookupp"
    " nverify open openattr open_confirm open_downgrade putfh putpubfh putrootfh read readdir readlink remove rename"
    " renew restorefh savefh secinfo setattr setclientid setclientid_confirm verify write release_lockowner"
)
PROCEDURES = {"proc2": V2.split(), "proc3": V3.split(), "proc4": V4_CLIENT.split(), "proc4ops": V4_OPERATIONS.split()}
SERVER_PROCEDURES = {**PROCEDURES, "proc4": ["null", "compound"]}
CLIENT = {
    "net": ("nfs_packets_total", "nfs_udp_packets_total", "nfs_tcp_packets_total", "nfs_tcp_connections_total"),
    "rpc": ("nfs_calls_total", "nfs_retransmissions_total", "nfs_authentication_refreshes_total"),
}
SERVER = {
    "rc": ("nfsd_reply_cache_hits_total", "nfsd_reply_cache_misses_total", "nfsd_reply_cache_uncached_total"),
    "fh": ("nfsd_stale_file_handles_total",),
    "io": ("nfsd_read_bytes_total", "nfsd_written_bytes_total"),
    "th": ("nfsd_threads_count",),
    "net": ("nfsd_packets_total", "nfsd_udp_packets_total", "nfsd_tcp_packets_total", "nfsd_tcp_connections_total"),
    "rpc": ("nfsd_calls_total", "nfsd_bad_calls_total", "nfsd_bad_format_total", "nfsd_bad_authentication_total"),
}


class NfsClient:
    name = "nfs"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/rpc/nfs"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        text = read_text(self._path, "no NFS client in this kernel")
        return parse(self._path, text, CLIENT, PROCEDURES, "nfs_requests_total")


class NfsServer:
    name = "nfsd"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/rpc/nfsd"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        text = read_text(self._path, "no NFS server in this kernel")
        return parse(self._path, text, SERVER, SERVER_PROCEDURES, "nfsd_requests_total")


def parse(
    path: str, text: str, lines: dict[str, tuple[str, ...]], procedures: dict[str, list[str]], requests: str
) -> Iterator[Sample]:
    """``rpc 1218785755 374636 …`` by ``lines``; ``proc3 22 2 112 …`` by procedure. Raises SourceFailed."""
    said: list[Sample] = []
    known: set[str] = set()
    for line in whole_lines(path, text):
        key, *words = line.split() or [""]
        if key not in lines and key not in procedures:
            continue
        known.add(key)
        try:
            if key in lines:
                said += [Sample(metric, count_of(word)) for metric, word in zip(lines[key], words, strict=False)]
            else:
                version, name = key.removeprefix("proc").replace("ops", " operation"), _naming(procedures[key])
                said += [
                    Sample(requests, count_of(word), f"v{version}/{name(index)}")
                    for index, word in enumerate(words[1:])
                ]
        except ValueError as error:
            raise unreadable(path, line, error) from error
    if "rpc" not in known:
        raise SourceFailed(Gap.UNREADABLE, f"{path}: no rpc line")
    return iter(said)


def _naming(names: list[str]) -> Callable[[int], str]:
    return lambda index: names[index] if index < len(names) else f"op{index}"
