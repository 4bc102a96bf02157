// The official TypeScript client of the Model Context Protocol, unchanged, in both of its ways to
// connect. `tests/clients/test_typescript.py` runs it and gives the server's address and key.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const { MCP_URL, API_KEY } = process.env;
const SANDBOX = 'sandbox-nov-2024';
const STEPS_MAX = 100;
/** How the client connects, and the revision that both sides then speak. */
const MODES = { auto: '2026-07-28', legacy: '2025-11-25' };

/** Hands a connected client to `use`. */
async function connected(mode, use, { key = API_KEY, query = '', headers = {} } = {}) {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    const requestInit = { headers: key ? { 'X-API-Key': key, ...headers } : headers };
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL + query), { requestInit });
    await client.connect(transport);
    try {
        return await use(client);
    } finally {
        await client.close();
    }
}

/** The answer of a tool: the structured one and the text are each the whole of it. */
async function called(client, name, args = {}) {
    const result = await client.callTool({ name, arguments: args });
    assert.notEqual(result.isError, true, JSON.stringify(result));
    assert.deepEqual(result.content.map((block) => block.type), ['text']);
    assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
    return result.structuredContent;
}

/** All that a model is shown of a call that is refused. */
async function refused(client, name, args = {}) {
    const result = await client.callTool({ name, arguments: args });
    assert.equal(result.isError, true, JSON.stringify(result));
    return result.content[0].text;
}

for (const [mode, version] of Object.entries(MODES)) {
    test(`${mode}: connects and lists`, () =>
        connected(mode, async (client) => {
            assert.equal(client.getNegotiatedProtocolVersion(), version);
            assert.equal(client.getServerVersion().name, 'bottrade');
            assert.match(client.getInstructions(), /start_run/);
            const { tools } = await client.listTools();
            assert.ok(tools.length >= 11);
            for (const tool of tools) {
                assert.ok(tool.description && tool.annotations.title, tool.name);
                assert.equal(tool.inputSchema.type, 'object');
            }
            const again = await client.listTools();
            assert.deepEqual(again.tools.map((it) => it.name), tools.map((it) => it.name));
        }));

    test(`${mode}: plays a run to its score`, () =>
        connected(mode, async (client) => {
            const run = await called(client, 'start_run', { scenario_slug: SANDBOX });
            let turn = { step: { done: false } };
            for (let step = 0; step < STEPS_MAX && !turn.step.done; step += 1) {
                const trades = step === 0 ? [{ symbol: 'AAPL', side: 'buy', quantity: 50.5 }] : [];
                turn = await called(client, 'submit_turn', { run_id: run.id, trades });
            }
            assert.equal(turn.step.done, true);
            const score = await called(client, 'get_results', { run_id: run.id });
            assert.equal(score.results.trade_count, 1);

            const uri = `bottrade://runs/${run.id}/scorecard`;
            const { contents } = await client.readResource({ uri });
            assert.deepEqual(JSON.parse(contents[0].text), score);
            await connected(
                mode,
                (stranger) => assert.rejects(stranger.readResource({ uri }), /API key required/),
                { key: null },
            );
        }));

    test(`${mode}: reads resources and the prompt without a key`, () =>
        connected(
            mode,
            async (client) => {
                const { resources } = await client.listResources();
                const uris = resources.map((it) => it.uri);
                assert.deepEqual(uris, ['bottrade://agent-guide', 'bottrade://paper-guide', 'bottrade://scenarios']);
                const { resourceTemplates } = await client.listResourceTemplates();
                assert.equal(resourceTemplates.length, 1);
                const guide = await client.readResource({ uri: uris[0] });
                assert.equal(guide.contents[0].mimeType, 'text/markdown');
                assert.match(guide.contents[0].text, /^# Trading a BotTrade scenario/);
                const listed = await client.readResource({ uri: uris[2] });
                const { scenarios } = JSON.parse(listed.contents[0].text);
                const slug = scenarios.columns.indexOf('slug');
                assert.ok(scenarios.rows.some((it) => it[slug] === SANDBOX));

                const { prompts } = await client.listPrompts();
                const [{ name }] = prompts;
                assert.equal(name, 'trade_bottrade_scenario');
                const filled = { name, arguments: { scenario_slug: SANDBOX } };
                const { messages } = await client.getPrompt(filled);
                assert.ok(messages[0].content.text.includes(`\`${SANDBOX}\``));
                const wrong = { name, arguments: { scenario_slug: 'sandbox-nov-2042' } };
                await assert.rejects(client.getPrompt(wrong), new RegExp(SANDBOX));
                const completion = await client.complete({
                    ref: { type: 'ref/prompt', name },
                    argument: { name: 'scenario_slug', value: 'sandbox' },
                });
                assert.ok(completion.completion.values.includes(SANDBOX));

                await assert.rejects(called(client, 'start_run'), /API key required/);
            },
            { key: null },
        ));

    test(`${mode}: chooses a toolset by address or header`, async () => {
        const names = async (client) => (await client.listTools()).tools.map((it) => it.name);
        const all = await connected(mode, names);
        const query = '?toolsets=play';
        const some = await connected(mode, names, { query });
        assert.ok(some.length >= 3 && some.length <= 5 && some.every((it) => all.includes(it)));
        const headers = { 'X-MCP-Toolsets': 'play' };
        assert.deepEqual(await connected(mode, names, { headers }), some);
        await connected(
            mode,
            async (client) => {
                assert.match(await refused(client, 'get_scenario'), /toolsets=benchmark/);
            },
            { query },
        );
        const wrong = { query: '?toolsets=paly' };
        await assert.rejects(connected(mode, names, wrong), /there is no toolset/);
    });
}
