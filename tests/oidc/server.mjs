// node server.mjs CLAIMS RETURNS_TO: a provider on a free port of loopback, which it prints.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [claims, returnsTo] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: 'channel', client_secret: 'a secret: with+signs', redirect_uris: [returnsTo] },
    ],
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...JSON.parse(readFileSync(claims, 'utf8'))[id] }),
    }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
