// A certified OpenID Connect provider with its own sign-in pages: whoever gives a login is that
// person. It prints a line once it listens.
//
//     node oidc_provider.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI

import { Provider } from 'oidc-provider';

const [, , port, client_id, client_secret, redirect_uri] = process.argv;
const host = '127.0.0.1';

const provider = new Provider(`http://${host}:${port}`, {
    clients: [{ client_id, client_secret, redirect_uris: [redirect_uri] }],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: `subject of ${id}`, name: id, email: `${id}@example.com`, email_verified: true }),
    }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['of a test'] },
});
provider.listen(Number(port), host, () => console.log('listening'));
