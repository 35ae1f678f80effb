"""The verification of a signature, compared with another implementation of RS256."""

import random
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from chalicelib.signing_keys import Key
from tests.conftest import PROJECT
from tests.support.issuer import jwk, rs256, rsa_key
from tests.support.settings import SETTINGS

MESSAGE = b"header.payload"


@pytest.fixture(scope="module")
def key() -> Key:
    published = jwk("main")
    return Key(published["n"], published["e"])


def is_valid(message: bytes, signature: bytes) -> bool:
    """Return what cryptography says of a signature."""
    try:
        rsa_key("main").public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def test_a_signature_of_the_key_is_valid(key: Key) -> None:
    assert key.verify(MESSAGE, rs256(MESSAGE, "main"))
    assert not key.verify(b"another", rs256(MESSAGE, "main"))
    assert not key.verify(MESSAGE, rs256(MESSAGE, "other"))


@pytest.mark.parametrize(
    "algorithm",
    [hashes.MD5(), hashes.SHA1(), hashes.SHA224(), hashes.SHA384(), hashes.SHA512()],  # noqa: S303 -- it must be refused
    ids=lambda algorithm: algorithm.name,
)
def test_a_signature_of_another_hash_is_invalid(key: Key, algorithm: HashAlgorithm) -> None:
    signature = rsa_key("main").sign(MESSAGE, padding.PKCS1v15(), algorithm)
    assert not key.verify(MESSAGE, signature)


def encrypted(block: bytes) -> bytes:
    """Return the signature that the public key turns into these bytes."""
    numbers = rsa_key("main").private_numbers()
    block_number = int.from_bytes(block) % numbers.public_numbers.n
    return pow(block_number, numbers.d, numbers.public_numbers.n).to_bytes(256)


def test_both_implementations_agree_on_damaged_signatures(key: Key) -> None:
    chance = random.Random(1)  # noqa: S311 -- a shuffle
    valid = rs256(MESSAGE, "main")
    public = rsa_key("main").public_key().public_numbers()
    block = pow(int.from_bytes(valid), public.e, public.n).to_bytes(256)
    candidates = [valid, valid[:-1], valid + b"\0", b"\0" + valid, b"", bytes(256), b"\xff" * 256]
    candidates.append((int.from_bytes(valid) + public.n).to_bytes(257))
    for _ in range(100):
        damaged = bytearray(valid)
        damaged[chance.randrange(256)] ^= 1 << chance.randrange(8)
        candidates.append(bytes(damaged))
        # Damage inside the padding and the hash, as an attacker with a weak key could do it.
        inner = bytearray(block)
        inner[chance.randrange(1, 256)] ^= 1 << chance.randrange(8)
        candidates.append(encrypted(bytes(inner)))
    digest = block[-51:]
    for filler in (b"\xff" * 8, b"\xff" * 200, b"\0" * 202, b"\1" * 202):
        rest = b"\0\1" + filler + b"\0" + digest
        candidates.append(encrypted(rest.ljust(256, b"\0")))  # garbage after the hash
    for signature in candidates:
        try:
            ours = key.verify(MESSAGE, signature)
        except (OverflowError, ValueError):
            ours = False  # `tokens.verify` refuses the token, whatever goes wrong
        assert ours == is_valid(MESSAGE, signature), signature.hex()


def test_ecdsa_computes_nothing_for_a_token() -> None:
    """CVE-2024-23342 is about the time of its computations on curves: see SECURITY.md."""
    published = jwk("main")
    signature = rs256(MESSAGE, "main")
    code = f"""
import sys
sys.modules["cryptography"] = None  # as in Lambda, where jose imports ecdsa instead
import ecdsa
from ecdsa.ellipticcurve import PointJacobi
def fail(*_):
    raise AssertionError("a computation on a curve")
for name in ("__add__", "__mul__", "__rmul__", "mul_add", "double"):
    setattr(PointJacobi, name, fail)
for name in ("sign", "sign_digest", "generate"):
    setattr(ecdsa.SigningKey, name, fail)
from chalicelib.signing_keys import Key
key = Key({published["n"]!r}, {published["e"]!r})
print(key.verify({MESSAGE!r}, {signature!r}), key.verify(b"another", {signature!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**SETTINGS, "PATH": "", "STAGE": "local", "TABLE_NAME": "t",
             "AUTH_ISSUER": "http://127.0.0.1:1/", "WEB_ORIGIN": "http://localhost:3000"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.stdout == "True False\n", done.stderr
