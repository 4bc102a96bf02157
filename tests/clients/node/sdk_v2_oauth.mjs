// The official TypeScript client of the Model Context Protocol, unchanged, which knows an address
// and nothing else. It prints the page that a person must open, reads the address to which the
// person was sent back, plays a run, and prints what came of it. What it remembers is in a file.
//
//     node sdk_v2_oauth.mjs MEMORY auto|legacy, with MCP_URL, CALLBACK, NAME and perhaps DOCUMENT

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

const [, , MEMORY, mode] = process.argv;
const { MCP_URL, CALLBACK, NAME, DOCUMENT } = process.env;
const SANDBOX = 'sandbox-nov-2024';
const STEPS_MAX = 100;

const say = (message) => console.log(JSON.stringify(message));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** What an application of the SDK keeps and does; `DOCUMENT` is the address of its document. */
class Provider {
    constructor() {
        this.kept = existsSync(MEMORY) ? JSON.parse(readFileSync(MEMORY, 'utf8')) : {};
        this.clientMetadataUrl = DOCUMENT;
        this.redirectUrl = CALLBACK;
        this.clientMetadata = { client_name: NAME, redirect_uris: [CALLBACK] };
        this.asked = 0;
    }

    keep(more) {
        Object.assign(this.kept, more);
        writeFileSync(MEMORY, JSON.stringify(this.kept));
    }

    state = () => (this.wanted = crypto.randomUUID());
    clientInformation = () => this.kept.client;
    saveClientInformation = (client) => this.keep({ client });
    tokens = () => this.kept.tokens;
    saveTokens = (tokens) => this.keep({ tokens });
    codeVerifier = () => this.verifier;
    saveCodeVerifier = (verifier) => (this.verifier = verifier);
    discoveryState = () => this.kept.discovery;
    saveDiscoveryState = (discovery) => this.keep({ discovery });

    redirectToAuthorization(url) {
        this.asked += 1;
        say({ open: url.href });
    }
}

const provider = new Provider();
const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider: provider });
const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });

/** The answer of a tool; if the person must be asked first, it is called again after the answer. */
async function called(name, args = {}) {
    const call = () => client.callTool({ name, arguments: args });
    const result = await call().catch(async (error) => {
        if (!(error instanceof UnauthorizedError)) throw error;
        const { value: url } = await lines.next();
        const { searchParams } = new URL(url);
        assert.equal(searchParams.get('state'), provider.wanted);
        await transport.finishAuth(searchParams);
        return call();
    });
    assert.notEqual(result.isError, true, JSON.stringify(result));
    return result.structuredContent;
}

await client.connect(transport);
const run = await called('start_run', { scenario_slug: SANDBOX });
let trades = [{ symbol: 'AAPL', side: 'buy', quantity: 50.5 }];
let done = false;
for (let step = 0; step < STEPS_MAX && !done; step += 1) {
    ({ done } = (await called('submit_turn', { run_id: run.id, trades })).step);
    trades = [];
}
assert.equal(done, true);
const { results } = await called('get_results', { run_id: run.id });
await client.close();
say({ run_id: run.id, trade_count: results.trade_count, asked: provider.asked });
process.exit(0);
