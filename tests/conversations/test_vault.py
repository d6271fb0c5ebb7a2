import hmac
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conversations.vault import KeyErased, KeyFileError, Keys, SealBroken, Vault, load_or_make_keys

PLACE = "texts.sealed|17"
WORDS = "Níl mé in ann teacht".encode()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return load_or_make_keys(tmp_path / "keys.json")


@pytest.fixture
def vault(keys: Keys) -> Vault:
    return Vault(keys)


def test_a_key_file_is_made_for_its_owner_alone_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    made = load_or_make_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["keys.json"]
    assert load_or_make_keys(path) == made
    assert load_or_make_keys(tmp_path / "other.json").fingerprint != made.fingerprint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    load_or_make_keys(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_or_make_keys(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[: len(text) // 2],
        lambda _: "[]",
        lambda text: text.replace("freagra-keys-1", "freagra-keys-9"),
        lambda text: json.dumps({**json.loads(text), "keks": []}),
        lambda text: json.dumps({**json.loads(text), "keks": json.loads(text)["keks"] * 2}),
        lambda text: json.dumps({**json.loads(text), "keks": [{"id": "00", "key": json.loads(text)["index"]}]}),
        lambda text: json.dumps({**json.loads(text), "index": "c2hvcnQ="}),
        lambda text: json.dumps({**json.loads(text), "index": "not base64!"}),
        lambda text: json.dumps({**json.loads(text), "own": [None]}),
    ],
)
def test_a_damaged_key_file_is_refused_left_alone_and_not_quoted(tmp_path: Path, damage: Callable[[str], str]) -> None:
    path = tmp_path / "keys.json"
    load_or_make_keys(path)
    before = path.read_text()
    path.write_text(damage(before))
    with pytest.raises(KeyFileError, match="back-up copy") as refused:
        load_or_make_keys(path)
    assert path.read_text() == damage(before)
    assert json.loads(before)["index"] not in str(refused.value)
    assert refused.value.__cause__ is None


def test_keys_are_never_shown(keys: Keys) -> None:
    shown = f"{keys!r} {keys}"
    for secret in (keys.index, *keys.keks.values(), *keys.own.values()):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_what_is_sealed_opens_in_its_place_only(vault: Vault) -> None:
    _, wrapped = vault.new_patient_key()
    sealed = vault.seal(wrapped, PLACE, WORDS)
    assert vault.open(wrapped, PLACE, sealed) == WORDS
    assert WORDS not in sealed
    assert vault.seal(wrapped, PLACE, WORDS) != sealed
    with pytest.raises(SealBroken):
        vault.open(wrapped, "texts.sealed|18", sealed)


def test_every_changed_bit_is_noticed(vault: Vault) -> None:
    _, wrapped = vault.new_patient_key()
    sealed = vault.seal(wrapped, PLACE, b"Y")
    own = vault.seal_own(PLACE, b"Y")
    for position in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault.open(wrapped, PLACE, _flip(sealed, position))
    for position in range(len(own)):
        with pytest.raises(SealBroken):
            vault.open_own(PLACE, _flip(own, position))
    for position in range(len(wrapped)):
        with pytest.raises(SealBroken):
            vault.unwrap(_flip(wrapped, position))


@pytest.mark.parametrize("length", [0, 1, 5, 12, 20, 28])
def test_a_cut_off_seal_is_noticed(vault: Vault, length: int) -> None:
    _, wrapped = vault.new_patient_key()
    with pytest.raises(SealBroken):
        vault.open(wrapped, PLACE, vault.seal(wrapped, PLACE, WORDS)[:length])
    with pytest.raises(SealBroken):
        vault.open_own(PLACE, vault.seal_own(PLACE, WORDS)[:length])
    with pytest.raises(SealBroken):
        vault.unwrap(wrapped[:length])


def test_one_patients_key_opens_nothing_of_anothers_nor_of_the_vaults(vault: Vault) -> None:
    _, mary = vault.new_patient_key()
    _, john = vault.new_patient_key()
    with pytest.raises(SealBroken):
        vault.open(john, PLACE, vault.seal(mary, PLACE, WORDS))
    with pytest.raises(SealBroken):
        vault.open(mary, PLACE, vault.seal_own(PLACE, WORDS))
    with pytest.raises(SealBroken):
        vault.open_own(PLACE, vault.seal(mary, PLACE, WORDS))


def test_an_erased_key_is_told_from_a_broken_one(vault: Vault) -> None:
    _, wrapped = vault.new_patient_key()
    sealed = vault.seal(wrapped, PLACE, WORDS)
    with pytest.raises(KeyErased):
        vault.open(None, PLACE, sealed)
    with pytest.raises(KeyErased):
        vault.seal(None, PLACE, WORDS)


def test_another_key_file_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    stranger = Vault(load_or_make_keys(tmp_path / "stranger.json"))
    raw, wrapped = vault.new_patient_key()
    assert vault.unwrap(wrapped) == raw
    with pytest.raises(SealBroken):
        stranger.unwrap(wrapped)
    with pytest.raises(SealBroken):
        stranger.open_own(PLACE, vault.seal_own(PLACE, WORDS))


def test_the_newest_key_seals_and_the_older_ones_still_open(keys: Keys, vault: Vault) -> None:
    raw, wrapped = vault.new_patient_key()
    sealed, own = vault.seal(wrapped, PLACE, WORDS), vault.seal_own(PLACE, WORDS)
    newer = Keys(
        keks={**keys.keks, b"kek2": os.urandom(32)}, own={**keys.own, b"own2": os.urandom(32)}, index=keys.index
    )
    rotated = Vault(newer)
    rewrapped = rotated.rewrap(wrapped)
    assert rewrapped != wrapped
    assert rotated.rewrap(rewrapped) == rewrapped
    assert rotated.unwrap(rewrapped) == raw
    assert rotated.open(rewrapped, PLACE, sealed) == rotated.open(wrapped, PLACE, sealed) == WORDS
    assert rotated.open_own(PLACE, own) == WORDS
    assert newer.fingerprint == keys.fingerprint

    only_new = Vault(Keys(keks={b"kek2": newer.keks[b"kek2"]}, own={b"own2": newer.own[b"own2"]}, index=keys.index))
    assert only_new.open(rewrapped, PLACE, sealed) == WORDS
    assert only_new.open_own(PLACE, rotated.seal_own(PLACE, WORDS)) == WORDS
    with pytest.raises(SealBroken):
        only_new.unwrap(wrapped)


def test_an_index_is_the_keyed_hash_that_any_other_program_makes() -> None:
    """A database outlives the program that made it."""
    key = os.urandom(32)
    vault = Vault(Keys(keks={b"kek1": os.urandom(32)}, own={b"own1": os.urandom(32)}, index=key))
    assert vault.phone_index("+353871234567") == hmac.digest(key, b"phone|+353871234567", "sha256")[:16]


def test_an_index_finds_the_same_value_again_and_no_other(vault: Vault, tmp_path: Path) -> None:
    phone = vault.phone_index("+353871234567")
    assert len(phone) == 16
    assert vault.phone_index("+353871234567") == phone
    assert vault.phone_index("+353871234568") != phone
    assert vault.number_index("+353871234567") != phone
    assert Vault(load_or_make_keys(tmp_path / "other.json")).phone_index("+353871234567") != phone


def _flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def test_threads_that_seal_at_once_never_share_a_nonce(vault: Vault) -> None:
    _, wrapped = vault.new_patient_key()
    turn = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            sealed = list(pool.map(lambda _: vault.seal(wrapped, PLACE, WORDS), range(8_000)))
    finally:
        sys.setswitchinterval(turn)
    assert len({each[1:13] for each in sealed}) == len(sealed)
    assert all(vault.open(wrapped, PLACE, each) == WORDS for each in sealed)
