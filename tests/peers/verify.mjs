// Checks COSE_Sign1 tokens with cborg and WebCrypto, and JWS with jose. Reads and writes JSON.
import { readFileSync } from "node:fs";
import { decode, encode } from "cborg";
import { compactVerify, createLocalJWKSet } from "jose";

const options = { useMaps: true, tags: [] };
options.tags[18] = (parts) => parts;
const numbers = { Ed25519: -19, EdDSA: -8, ESP256: -9, ES256: -7 };

async function tokenHolds({ token, jwk }) {
  try {
    const message = decode(Uint8Array.from(Buffer.from(token, "hex")), options);
    const [isProtected, unprotected, payload, signature] = message;
    const header = decode(isProtected, options);
    if (header.get(1) !== numbers[jwk.alg] || unprotected.size !== 0) return false;
    if (Buffer.from(header.get(4)).toString("hex") !== jwk.kid) return false;
    const signed = encode(["Signature1", isProtected, new Uint8Array(0), payload]);
    const { kty, crv, x, y } = jwk;
    const way = crv === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: crv, hash: "SHA-256" };
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, way, false, ["verify"]);
    return await crypto.subtle.verify(way, key, signature, signed);
  } catch {
    return false;
  }
}

async function jwsHolds({ jws, keys }) {
  try {
    await compactVerify(jws, createLocalJWKSet(keys));
    return true;
  } catch {
    return false;
  }
}

const asked = JSON.parse(readFileSync(0, "utf8"));
const found = [];
for (const one of asked.tokens) found.push(await tokenHolds(one));
for (const one of asked.jws) found.push(await jwsHolds(one));
console.log(JSON.stringify(found));
