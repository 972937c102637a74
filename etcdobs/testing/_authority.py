"""Decides how certificates are made and signed, with the cryptography package, which `_tls` says how to install."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """A CA that lives as long as the call that made it."""

    def __init__(self, days: float) -> None:
        self._until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        self._key = _new_key()
        self._name = _name("etcdobs test CA")
        self._certificate = self._sign(self._key, self._name, is_ca=True)

    def write(self, cert: Path) -> None:
        """The CA's own certificate, as PEM."""
        _write(cert, _pem(self._certificate))

    def issue(self, cert: Path, key: Path, common_name: str) -> None:
        """A certificate for the loopback, for servers and clients both; without a common name where it is empty."""
        secret = _new_key()
        _write(cert, _pem(self._sign(secret, _name(common_name), is_ca=False)))
        pem = secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(key, pem)

    def _sign(self, key: ec.EllipticCurvePrivateKey, subject: x509.Name, *, is_ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=self._until - datetime.timedelta(days=3650),
            not_valid_after=self._until,
        ).add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        if not is_ca:
            builder = _as_leaf(builder)
        return builder.sign(self._key, hashes.SHA256())


def _as_leaf(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    loopback = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    names = [x509.DNSName("localhost"), *(x509.IPAddress(address) for address in loopback)]
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).add_extension(
        x509.ExtendedKeyUsage(usages), critical=False
    )


def _name(common_name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "etcdobs tests")
    common = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    return x509.Name([organization, *common])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
