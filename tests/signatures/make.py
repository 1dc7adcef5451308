"""Makes rsa.json: RSA keys of odd sizes and exponents, and signatures with salts of odd lengths, by OpenSSL 3.

    cd tests/signatures && python3 make.py

The private keys are thrown away.
"""

import base64
import json
import subprocess
import tempfile

MESSAGE = b"header.claims"
KEYS = [
    (2047, 65537), (2048, 3), (2048, 65537), (2048, 2**32 + 1), (2048, 2**33 - 1), (2048, 2**33 + 1),
    (2049, 65537), (2050, 65537), (2055, 65537), (2056, 65537), (3072, 65537), (8192, 65537), (8200, 65537),
]  # fmt: skip


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def run(*words):
    return subprocess.run(["openssl", *words], input=MESSAGE, check=True, capture_output=True).stdout


def sign(key, digest, salt=None):
    options = []
    if salt is not None:
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}"]
    return text(run("dgst", f"-{digest}", "-sign", key, *options))


def made(bits, exponent, key):
    options = ["-pkeyopt", f"rsa_keygen_bits:{bits}", "-pkeyopt", f"rsa_keygen_pubexp:{exponent}"]
    run("genpkey", "-algorithm", "RSA", *options, "-out", key)
    modulus = run("rsa", "-in", key, "-noout", "-modulus").decode().strip().split("=")[1]
    signatures = {"RS256": sign(key, "sha256"), "PS256": sign(key, "sha256", 32)}
    if bits in (2048, 2049) and exponent == 65537:
        signatures |= {"RS384": sign(key, "sha384"), "RS512": sign(key, "sha512")}
        signatures |= {"PS384": sign(key, "sha384", 48), "PS512": sign(key, "sha512", 64)}
        signatures |= {f"PS256 salt {salt}": sign(key, "sha256", salt) for salt in (0, 20, 33, "max")}
    return {
        "bits": bits,
        "n": text(bytes.fromhex("0" * (len(modulus) % 2) + modulus)),
        "e": text(exponent.to_bytes((exponent.bit_length() + 7) // 8, "big")),
        "signatures": signatures,
    }


with tempfile.TemporaryDirectory() as folder, open("rsa.json", "w", encoding="utf-8") as file:
    json.dump([made(bits, exponent, f"{folder}/key.pem") for bits, exponent in KEYS], file, indent=1)
    file.write("\n")
