"""Sealing of personal data, and the blind indexes that find a patient by phone or hospital number.

Every patient has a data key. It lies in the database wrapped by a key-encryption key ("kek") that lies outside it, in
the key file. Destroying the wrapped key makes all that was sealed for the patient unreadable, in the transcript and
everywhere else, and leaves every row and every hash as they were.

What is sealed is bound to its place ("table.column|row id"): bytes copied to another row do not open there.

    sealed, patient   01 | nonce 12 | AES-256-GCM ciphertext and tag       associated data: place
    sealed, own       02 | key id 4 | nonce 12 | ciphertext and tag        associated data: place
    wrapped key       03 | kek id 4 | nonce 12 | ciphertext and tag        associated data: "patients.wrapped_key"

Nonces are random (NIST SP 800-38D, 8.2.2), so one key seals at most 2^32 times: no patient comes near it; the vault's
own data key would after four thousand million webhooks. An Irish mobile number is one of some 10^8, so whoever holds
the index key can try them all: the index key is as secret as the others.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
import stat
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conversations.errors import FreagraError

_PATIENT = b"\x01"
_OWN = b"\x02"
_WRAPPED = b"\x03"
_NONCE = 12
_TAG = 16
_ID = 4
_INDEX = 16
_KEY = 32
_TOKEN = 8
_WRAPPED_PLACE = b"patients.wrapped_key"
_FORMAT = "freagra-keys-1"
_OPEN_CIPHERS = 4_096  # patients whose cipher is kept ready, some 2.5 KiB each: those of a batch


class SealBroken(FreagraError):
    """Sealed bytes that do not open: changed, moved from another place, or sealed under a key that is not held."""

    code = "seal_broken"


class KeyErased(FreagraError):
    """The patient's key was destroyed: what was sealed under it can never be read again."""

    code = "key_erased"


class KeyFileError(FreagraError):
    """The key file cannot be used. The message says why and how to mend it; it never holds a key."""

    code = "key_file"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the key file holds. `keks` and `own` map a key's 4-byte id to its 32 bytes, oldest first: all open, the
    newest seals."""

    keks: Mapping[bytes, bytes] = field(repr=False)
    own: Mapping[bytes, bytes] = field(repr=False)
    index: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells key files apart without giving a key away; the same after a kek or own key is added. A database is of
        use only with the key file whose fingerprint it was made with."""
        return hmac.digest(self.index, b"fingerprint", "sha256").hex()[:16]


def load_or_make_keys(path: Path) -> Keys:
    """The keys in the file at `path`, which is made, with new keys and mode 0600, where there is none.

    Raises KeyFileError for a file that others may read or that does not hold keys. Two processes that start at once
    get the same keys; an existing file is never written to.
    """
    if not path.exists():
        _make(path)
    return _load(path)


def load_keys(path: Path) -> Keys:
    """The keys in a file that must be there. Raises KeyFileError."""
    if not path.exists():
        raise KeyFileError(
            f"{path}: there is no key file. Put back its copy; freagra init makes one where nothing was ever sealed."
        )
    return _load(path)


def open_to_others(held: os.stat_result) -> bool:
    """Whether accounts that need not may read a file of secrets, or anyone but its owner may change it. A group may read
    what is not our own: so systems hand secrets out, as root's file and our group's, and we could not change its mode."""
    return bool(held.st_mode & 0o027 or (held.st_mode & 0o040 and held.st_uid == os.geteuid()))


def _make(path: Path) -> None:
    document = {
        "format": _FORMAT,
        "warning": "Whoever holds this file and the database can read every text. Keep a copy: without it nobody can.",
        "keks": [_new_key()],
        "own": [_new_key()],
        "index": _text(secrets.token_bytes(32)),
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    # Written whole under another name, then linked: a crash leaves no half of a key file, and a rival's file is kept.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _load(path: Path) -> Keys:
    with open(path, "rb") as file:
        held = os.fstat(file.fileno())
        if open_to_others(held):
            mode = stat.S_IMODE(held.st_mode)
            raise KeyFileError(f"{path}: others may read this key file (mode {mode:04o}). Run: chmod 600 {path}")
        raw = file.read(1 << 20)
    try:
        document = json.loads(raw)
        if document["format"] != _FORMAT:
            raise ValueError
        keys = Keys(keks=_keys(document["keks"]), own=_keys(document["own"]), index=_bytes(document["index"], 32))
    except (ValueError, KeyError, TypeError):
        # `from None`: the cause of a JSON error carries the text it stumbled over.
        raise KeyFileError(
            f"{path}: not a Freagra key file, or damaged. Put the back-up copy in its place; without it nothing that "
            "was sealed can be read. Only where nothing was ever sealed may it be removed: then a new one is made."
        ) from None
    return keys


def _new_key() -> dict[str, str]:
    return {"id": secrets.token_hex(_ID), "key": _text(secrets.token_bytes(32))}


def _keys(listed: list[dict[str, Any]]) -> dict[bytes, bytes]:
    keys = {_id(each["id"]): _bytes(each["key"], 32) for each in listed}
    if not keys or len(keys) != len(listed):
        raise ValueError
    return keys


def _id(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != _ID:
        raise ValueError
    return raw


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(text: str, length: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(raw) != length:
        raise ValueError
    return raw


class Vault:
    """Seals and opens. Holds no database: wrapped keys come and go through its callers. Safe to share between threads.

    A place is "table.column|row id" and must be given again, the same, to open. Sealing adds 29 bytes.
    """

    def __init__(self, keys: Keys) -> None:
        self._inner, self._outer = (sha256(_block(keys.index, pad)) for pad in (_INNER, _OUTER))
        self._keks = {id_: AESGCM(key) for id_, key in keys.keks.items()}
        self._kek_id = list(keys.keks)[-1]
        self._own = {id_: AESGCM(key) for id_, key in keys.own.items()}
        self._own_id = list(keys.own)[-1]
        self._ciphers: dict[bytes | None, AESGCM] = {}

    def new_patient_key(self) -> tuple[bytes, bytes]:
        """A new data key: as it is, and wrapped for the database."""
        raw = _drawn(_keys_to_come, _KEY)
        wrapped = self._wrap(raw)
        self._keep(wrapped, AESGCM(raw))
        return raw, wrapped

    def forget(self) -> None:
        """Let go of the patients' keys that are kept ready. Python may leave their bytes in memory until that is used anew."""
        self._ciphers.clear()

    def unwrap(self, wrapped: bytes | None) -> bytes:
        """Raises KeyErased for None, SealBroken for a key that no held kek opens."""
        if wrapped is None:
            raise KeyErased("the patient's key was destroyed")
        kek = self._keks.get(wrapped[1 : 1 + _ID])
        if wrapped[:1] != _WRAPPED or kek is None:
            raise SealBroken("a patient's key was wrapped by a key that is not in the key file")
        return _decrypt(kek, wrapped, 1 + _ID, _WRAPPED_PLACE)

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same patient key wrapped by the newest kek, unchanged where it already is. What was sealed stays as it
        is. Raises SealBroken."""
        raw = self.unwrap(wrapped)
        return wrapped if wrapped[1 : 1 + _ID] == self._kek_id else self._wrap(raw)

    def seal(self, wrapped: bytes | None, place: str, data: bytes) -> bytes:
        """Raises KeyErased, SealBroken (a wrapped key that does not open)."""
        nonce = _nonce()
        return _PATIENT + nonce + self._cipher(wrapped).encrypt(nonce, data, place.encode())

    def sealer(self, wrapped: bytes | None) -> Callable[[str, bytes], bytes]:
        """`seal` for much that is one patient's. Raises what it does."""
        encrypt = self._cipher(wrapped).encrypt

        def seal(place: str, data: bytes) -> bytes:
            nonce = _nonce()
            return _PATIENT + nonce + encrypt(nonce, data, place.encode())

        return seal

    def open(self, wrapped: bytes | None, place: str, sealed: bytes) -> bytes:
        """Raises KeyErased, SealBroken."""
        cipher = self._cipher(wrapped)
        if sealed[:1] != _PATIENT:
            raise SealBroken(f"{place}: not sealed under a patient's key")
        return _decrypt(cipher, sealed, 1, place.encode())

    def seal_own(self, place: str, data: bytes) -> bytes:
        """Under the vault's own data key: for what arrived and belongs to no known patient yet."""
        nonce = _nonce()
        return _OWN + self._own_id + nonce + self._own[self._own_id].encrypt(nonce, data, place.encode())

    def open_own(self, place: str, sealed: bytes) -> bytes:
        """Raises SealBroken."""
        cipher = self._own.get(sealed[1 : 1 + _ID])
        if sealed[:1] != _OWN or cipher is None:
            raise SealBroken(f"{place}: not sealed under a key in the key file")
        return _decrypt(cipher, sealed, 1 + _ID, place.encode())

    def phone_index(self, e164: str) -> bytes:
        """16 bytes by which a number is found. The number must be in E.164 form with its plus sign: another spelling
        of the same number has another index."""
        return self._blind(b"phone|" + e164.encode())

    def number_index(self, hospital_number: str) -> bytes:
        """16 bytes by which a patient is found. The number is taken as it is spelt."""
        return self._blind(b"hospital number|" + hospital_number.encode())

    def search_token(self, kind: str, word: str) -> bytes:
        """8 bytes by which a word is found. Equal words of a kind have equal tokens, so that their number can be counted by
        whoever reads the database; which word it is can be told, or tried, with the index key alone."""
        return self._blind(f"search {kind}|{word}".encode())[:_TOKEN]

    def _blind(self, named: bytes) -> bytes:
        # HMAC-SHA256 (RFC 2104), cut to 128 bits: no two of some 2^32 numbers meet, and the indexes on them, which are random
        # and cannot grow at their end, stay half as large. From copies of its two keyed states: hmac.digest gives up the
        # interpreter lock at each call, and a copy of an HMAC object takes four times as long.
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(named)
        outer.update(inner.digest())
        return outer.digest()[:_INDEX]

    def _wrap(self, raw: bytes) -> bytes:
        nonce = _nonce()
        return _WRAPPED + self._kek_id + nonce + self._keks[self._kek_id].encrypt(nonce, raw, _WRAPPED_PLACE)

    def _cipher(self, wrapped: bytes | None) -> AESGCM:
        return self._ciphers.get(wrapped) or self._keep(wrapped, AESGCM(self.unwrap(wrapped)))

    def _keep(self, wrapped: bytes | None, cipher: AESGCM) -> AESGCM:
        if len(self._ciphers) >= _OPEN_CIPHERS:
            self._ciphers.clear()
        self._ciphers[wrapped] = cipher
        return cipher


_INNER, _OUTER = 0x36, 0x5C


def _block(key: bytes, pad: int) -> bytes:
    """What HMAC hashes before all else, of a key that is no longer than a block."""
    return bytes(byte ^ pad for byte in key.ljust(sha256().block_size, b"\0"))


# Random bytes are fetched for many nonces and keys at once: every call to the system gives up the interpreter lock, and a busy
# event loop waits to get it back. Taking from a deque is atomic, so that no two threads get the same.
_DRAWN_AT_ONCE = 512
_nonces: deque[bytes] = deque()
_keys_to_come: deque[bytes] = deque()


def _nonce() -> bytes:
    try:
        return _nonces.popleft()
    except IndexError:
        return _drawn(_nonces, _NONCE)


def _drawn(ready: deque[bytes], size: int) -> bytes:
    while True:
        try:
            return ready.popleft()
        except IndexError:
            drawn = os.urandom(size * _DRAWN_AT_ONCE)
            ready.extend(drawn[start : start + size] for start in range(0, len(drawn), size))


def _forget_drawn() -> None:
    """A child of a fork must not use up the same as its parent."""
    _nonces.clear()
    _keys_to_come.clear()


os.register_at_fork(after_in_child=_forget_drawn)


def _decrypt(cipher: AESGCM, sealed: bytes, start: int, place: bytes) -> bytes:
    if len(sealed) < start + _NONCE + _TAG:
        raise SealBroken(f"{place.decode()}: too short to be sealed data")
    nonce = sealed[start : start + _NONCE]
    try:
        return cipher.decrypt(nonce, sealed[start + _NONCE :], place)
    except InvalidTag:
        raise SealBroken(f"{place.decode()}: changed, moved from another place, or under another key") from None
