"""A private key as it was pasted into a secret, made into what signs in over SSH."""

from __future__ import annotations

import io

import paramiko  # type: ignore[import-untyped]  # its types are a package of their own
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from collector.probes.stated import Secret
from readings.model import Gap, SourceFailed

OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----"


def private_key(text: Secret, passphrase: Secret) -> tuple[paramiko.PKey, bool]:
    """(the key, whether ``passphrase`` opened it). OpenSSH's own form, PKCS#1, SEC1 and PKCS#8 are all taken.

    Raises SourceFailed without a cause: what libraries say of a key may repeat it.
    """
    pem = text.reveal().strip()
    load = load_ssh_private_key if pem.startswith(OPENSSH) else load_pem_private_key
    given = passphrase.reveal().encode() or None
    locked = False
    try:
        try:
            key = load(f"{pem}\n".encode(), None)
        except TypeError:  # encrypted
            locked = True
            key = load(f"{pem}\n".encode(), given)
        except ValueError:
            # OpenSSH's form says so in another way.
            if given is None or not pem.startswith(OPENSSH):
                raise
            locked = True
            key = load(f"{pem}\n".encode(), given)
    except Exception:  # noqa: BLE001 - parsers raise many; all mean the same
        why = "cannot be opened with the password of the secret" if locked else "cannot be read, or needs a passphrase"
        raise SourceFailed(Gap.REFUSED, f"the private key {why}") from None
    kinds = (
        (Ed25519PrivateKey, paramiko.Ed25519Key),
        (RSAPrivateKey, paramiko.RSAKey),
        (EllipticCurvePrivateKey, paramiko.ECDSAKey),
    )
    for theirs, ours in kinds:
        if isinstance(key, theirs):
            plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
            return ours.from_private_key(io.StringIO(plain)), locked
    raise SourceFailed(Gap.NOT_OFFERED, "the private key is neither Ed25519 nor RSA nor ECDSA")
