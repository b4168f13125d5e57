"""What the centre is told at start: by its command line, by the environment (ZHISHOU_…), else the defaults here."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.data_folder import has_certificate


class Settings(BaseSettings):
    """``behind_tls_proxy`` is the address of the proxy where TLS ends.

    Without one the centre speaks HTTPS when it has a certificate (``zhishou server init``), else it stays on loopback.
    """

    model_config = SettingsConfigDict(env_prefix="ZHISHOU_", extra="ignore", validate_default=True)

    data: Path = Path("zhishou-data")
    host: str = "127.0.0.1"
    port: int = Field(default=8650, ge=0, le=65535)
    behind_tls_proxy: str = ""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    free_bytes_at_least: int = Field(default=64 * 2**20, ge=0)
    seal_seconds: float = Field(default=600.0, gt=0)  # readings wait in memory (and in the inbox) this long at most
    seal_samples: int = Field(default=5_000_000, gt=0)

    @model_validator(mode="after")
    def _plain_http_stays_at_home(self) -> Self:
        if not self.behind_tls_proxy and not on_loopback(self.host) and not has_certificate(self.data):
            raise ValueError(
                f"host {self.host}: plain HTTP beyond loopback is refused, passwords and credentials would be readable "
                f"on the way; make a certificate first (zhishou server init --data {self.data} --name THIS-HOST), or "
                "let a proxy end TLS in front and name its address (--behind-tls-proxy ADDRESS)"
            )
        return self

    @property
    def speaks_https(self) -> bool:
        """Whether the listener itself does TLS."""
        return has_certificate(self.data) and not self.behind_tls_proxy


def on_loopback(host: str) -> bool:
    """Whether nobody outside this machine can reach a listener there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
