// What an agent does, with both lines of the JavaScript SDK. Arguments: the server's URL, a key of the tenant acme, the program.
import assert from "node:assert/strict";
import * as two from "@modelcontextprotocol/client";
import * as twoStdio from "@modelcontextprotocol/client/stdio";
import * as one from "@modelcontextprotocol/sdk/client/index.js";
import * as oneHttp from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as oneStdio from "@modelcontextprotocol/sdk/client/stdio.js";

const [url, key, program] = process.argv.slice(2);
const at = new URL(url + "/mcp");
const bearer = { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
const carried = { command: program, args: ["mcp"], env: { AGENT_MEMORY_URL: url, AGENT_MEMORY_KEY: key } };

async function life(name, client, transport) {
  await client.connect(transport);
  const { tools } = await client.listTools();
  assert(tools.some((tool) => tool.name === "wake_up" && tool.outputSchema));
  const story = `The ladder of ${name} stands behind the red door.`;
  const left = { session_id: `session of ${name}`, with_whom: "Ada", story };
  const made = await client.callTool({ name: "handoff_create", arguments: left });
  assert.equal(made.structuredContent.handoff.tenant_id, "acme");
  const query = `Where does the ladder of ${name} stand?`;
  const found = await client.callTool({ name: "recall", arguments: { query } });
  assert.equal(found.structuredContent.results[0].id, made.structuredContent.handoff_id);
  const link = found.content.find((block) => block.type === "resource_link");
  const whole = await client.readResource({ uri: link.uri });
  assert.equal(JSON.parse(whole.contents[0].text).story, story);
  const woken = await client.getPrompt({ name: "wake_up", arguments: { with_whom: "Ada" } });
  assert(woken.messages[0].content.text.includes("red door"));
  const wrong = await client.callTool({ name: "handoff_create", arguments: { session_id: "s" } });
  assert(wrong.isError);
  await client.close();
  console.log(name, tools.length, "tools");
}

const us = { name: "life", version: "1" };
await life("two over HTTP", new two.Client(us), new two.StreamableHTTPClientTransport(at, bearer));
await life("two on stdio", new two.Client(us), new twoStdio.StdioClientTransport(carried));
await life("one over HTTP", new one.Client(us), new oneHttp.StreamableHTTPClientTransport(at, bearer));
await life("one on stdio", new one.Client(us), new oneStdio.StdioClientTransport(carried));
