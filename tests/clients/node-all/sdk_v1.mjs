// The TypeScript SDK of the first generation as a program: node sdk_v1.mjs URL KEY. It calls what it reads on standard
// input, a JSON line for each call, and writes a JSON line for each answer.
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, key] = process.argv.slice(2);
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { "X-API-Key": key } } });
const client = new Client({ name: "sdk_v1", version: "1" });
await client.connect(transport);

const say = (value) => console.log(JSON.stringify(value));
const { tools } = await client.listTools();
say({ server: client.getServerVersion(), protocol: transport.protocolVersion, tools });

for await (const line of createInterface({ input: process.stdin })) {
    // The client checks structured content against a tool's output schema, where it has one.
    say(await client.callTool(JSON.parse(line)));
}
await client.close();
