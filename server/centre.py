"""The centre put together: the stores, the pump between them, and what the routes ask."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from checklists.duty.loading import load_templates
from checklists.duty.template import Template
from checklists.loading import load_rules
from checklists.verification.loading import load_profiles
from checklists.verification.profile import Profile
from readings.catalogue import Catalogue, load_catalogue
from server.attendance.attendance import Attendance
from server.audit.witness import AuditWitness
from server.clock import Clock, utc_now
from server.collection.blindness import Blindness
from server.collection.rights import Rights
from server.data_folder import make_private
from server.device_secrets.keys import key_path
from server.device_secrets.vault import Vault
from server.devices.ledger import traits_from
from server.happenings.explaining import gaps_known_to
from server.happenings.happenings import Happenings
from server.history.history import History
from server.history.sealer import Bounds
from server.inbox import Inbox, Pump
from server.judge.judge import Judge
from server.live import Live
from server.people.posts import POSTS
from server.records import Records
from server.rounds import Rounds
from server.senders.directory import SenderDirectory
from server.senders.rotation import settle_rotations
from server.settings import Settings
from server.times import to_ms, to_ns
from server.tls.certificates import Certificates
from server.tls.serving import Serving, serving_for
from server.verification.watching import Verifications

__all__ = ["Centre", "Settings"]


@dataclass
class Centre:
    """``Centre.open(settings)`` … ``close()``. ``now`` is the only clock; tests hand in their own."""

    settings: Settings
    records: Records
    attendance: Attendance
    audit: AuditWitness
    senders: SenderDirectory
    rights: Rights
    vault: Vault
    catalogue: Catalogue
    profiles: Mapping[str, Profile]
    templates: Mapping[str, Template]
    inbox: Inbox
    history: History
    happenings: Happenings
    live: Live
    judge: Judge
    verifications: Verifications
    pump: Pump
    rounds: Rounds
    certificates: Certificates
    serving: Serving | None  # None: plain HTTP
    now: Clock = utc_now
    stopping: threading.Event = field(default_factory=threading.Event)  # set when the end begins: streams stop

    @classmethod
    def open(cls, settings: Settings, now: Clock = utc_now, *, start: bool = True) -> Self:
        """``start`` False: pump and rounds stand still until started (tests).

        Raises FolderRefused, CertificateRefused, KeyRefused, RecordsError, CatalogueError, RuleError (a rule,
        profile or checklist), sqlite3.Error, OSError.
        """
        catalogue = load_catalogue()
        rules = load_rules(catalogue)
        profiles = load_profiles(catalogue)
        templates = load_templates(catalogue, POSTS)
        make_private(settings.data)
        certificates = Certificates(settings.data)
        serving = serving_for(certificates, settings.behind_tls_proxy)
        with contextlib.ExitStack() as undo:
            records = Records(settings.data / "records.db")
            undo.callback(records.close)
            witness = AuditWitness(records)
            senders = SenderDirectory(records)
            rights = Rights(records)
            rights.refresh(to_ms(now()))
            inbox = Inbox(
                settings.data / "inbox.db",
                lambda: to_ns(now()),
                witness=lambda agent_id: (senders.configuration_revision(agent_id), witness.told()),
                rights=rights,
            )
            undo.callback(inbox.close)
            history = History.open(
                settings.data / "history",
                records,
                Bounds(seconds=settings.seal_seconds, samples=settings.seal_samples),
            )
            undo.callback(history.close)
            attendance = Attendance(records, lambda: to_ms(now()))
            history.known_gaps = gaps_known_to(records, rights.poll_interval)
            happenings = Happenings(records)
            live = Live(settings.data / "live.snapshot")
            judge = Judge(records, rules, to_ms(now()), traits_from(records))
            judge.is_blind = Blindness(rights, live).of
            verifications = Verifications(records, history, live, lambda: to_ms(now()))
            pump = Pump(inbox, [history, happenings, live, judge])
            rounds = Rounds(
                {
                    "rotations": lambda: settle_rotations(records, senders.taken_up(), now()),
                    "senders": senders.refresh,
                    "rights": lambda: rights.refresh(to_ms(now())),
                    "audit": witness.refresh,
                    "attendance": attendance.present,
                    "silence": lambda: judge.silence(to_ms(now())),
                    "verifications": verifications.round,
                    **({"certificate": lambda: serving.refresh(now())} if serving is not None else {}),
                }
            )
            centre = cls(
                settings=settings,
                records=records,
                attendance=attendance,
                audit=witness,
                senders=senders,
                rights=rights,
                vault=Vault(key_path(settings.data, os.environ)),
                catalogue=catalogue,
                profiles=profiles,
                templates=templates,
                inbox=inbox,
                history=history,
                happenings=happenings,
                live=live,
                judge=judge,
                verifications=verifications,
                pump=pump,
                rounds=rounds,
                certificates=certificates,
                serving=serving,
                now=now,
            )
            if start:
                pump.start()
                rounds.start()
            undo.pop_all()
        return centre

    def troubles(self) -> list[str]:
        """Why the centre cannot do its work now; empty when it can."""
        said = [
            self.records.health(),
            self.inbox.healthy(),
            self.history.healthy(),
            self.pump.healthy(),
            self.rounds.healthy(),
            self._room(),
        ]
        return [trouble for trouble in said if trouble is not None]

    def _room(self) -> str | None:
        try:
            room = os.statvfs(self.settings.data)
        except OSError as error:
            return f"data folder {self.settings.data}: {error.strerror}"
        free = room.f_bavail * room.f_frsize
        if free >= self.settings.free_bytes_at_least:
            return None
        return (
            f"data folder {self.settings.data}: {free} bytes free, at least {self.settings.free_bytes_at_least} wanted"
        )

    def close(self) -> None:
        """In the direction data goes; every step is taken whatever the one before raised."""
        self.stopping.set()
        with contextlib.ExitStack() as steps:  # last entered, first done
            steps.callback(self.records.close)
            steps.callback(self.attendance.close)
            steps.callback(self.judge.close)
            steps.callback(self.history.close)
            steps.callback(self.inbox.close)
            steps.callback(self.live.save)
            if self.pump.is_alive():
                steps.callback(self.pump.stop)
            steps.callback(self.rounds.stop)
