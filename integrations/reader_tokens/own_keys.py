"""The house's own side: the key that signs receipts and passes, and those that open envelopes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import OKPKey

from integrations.keys import KeyUnusable, Signer
from integrations.person_files import RecipientKeys
from integrations.reader_tokens.signed import public_jwk, thumbprint, written
from models.tokens import Key, RawSign


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """As they were opened at one moment. To open them again reads files, or asks a token."""

    kid: str
    raw_sign: RawSign
    vouching: Mapping[str, bytes]
    """Public keys whose receipts and passes count, by thumbprint; the one in force first."""
    openers: Mapping[str, OKPKey]
    """What opens envelopes, by thumbprint; the newest first."""

    @classmethod
    def opened(cls, signer: Signer, known: Iterable[Key], recipients: RecipientKeys) -> "OwnKeys":
        """A lost key vouches for nothing: whoever has it dates its receipts as they like."""
        recipients.made_first()
        own = _raw(signer.public_key)
        others = [_raw(one.public_key) for one in known if one.revoked_at is None]
        return cls(
            thumbprint(own),
            signer.raw_sign,
            {thumbprint(one): one for one in (own, *reversed(others))},
            {one.thumbprint(): one for one in recipients.private()},
        )

    def sign(self, use: str, payload: Mapping[str, object]) -> str:
        return written(use, self.kid, payload, self.raw_sign)

    def receipt_keys(self) -> Sequence[Mapping[str, str]]:
        found = self.vouching.items()
        return [
            {**public_jwk(key), "alg": "Ed25519", "kid": kid, "use": "sig"} for kid, key in found
        ]

    def encryption_key(self) -> Mapping[str, str]:
        """The newest, to seal to (RFC 8037)."""
        kid, key = next(iter(self.openers.items()))
        shown = key.as_dict(private=False)
        return {
            "kty": "OKP", "crv": "X25519", "x": str(shown["x"]), "alg": "ECDH-ES", "use": "enc",
            "kid": kid,
        }  # fmt: skip


def _raw(key: object) -> bytes:
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable("a key of another kind signs for readers")
    return key.public_bytes_raw()
