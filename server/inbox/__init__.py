"""The inbox: what senders deliver, on disk before it is acknowledged, and the pump that hands it on."""

from server.inbox.arrival import Applier, Arrival, Conflict, Sender, StoreFull
from server.inbox.counters import Counters
from server.inbox.endpoint import BatchEndpoint
from server.inbox.inbox import Inbox
from server.inbox.pump import Pump

__all__ = ["Applier", "Arrival", "BatchEndpoint", "Conflict", "Counters", "Inbox", "Pump", "Sender", "StoreFull"]
