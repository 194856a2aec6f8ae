"""What an agent does, with the Python SDK: over HTTP on two revisions, on stdio through a server and on stdio beside its data.

Arguments: the server's URL, a key of the tenant acme, the program, its data directory.
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

url, key, program, data = sys.argv[1:]


async def life(name, client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert "wake_up" in tools and "key_create" not in tools, sorted(tools)
    assert tools["recall"].annotations.read_only_hint and tools["recall"].output_schema
    left = {
        "session_id": f"session of {name}",
        "with_whom": "Ada",
        "story": f"The spare key of {name} is under the blue stone.",
    }
    made = await client.call_tool("handoff_create", left)
    assert not made.is_error, made
    assert made.structured_content["handoff"]["tenant_id"] == "acme", made
    assert made.structured_content["handoff"]["origin"]["by"].startswith("key_"), made
    found = await client.call_tool("recall", {"query": f"Where is the spare key of {name}?"})
    best = found.structured_content["results"][0]
    assert best["id"] == made.structured_content["handoff_id"], found
    link = next(block for block in found.content if block.type == "resource_link")
    whole = json.loads((await client.read_resource(link.uri)).contents[0].text)
    assert whole["story"] == left["story"], whole
    assert link.uri in [str(resource.uri) for resource in (await client.list_resources()).resources]
    templates = (await client.list_resource_templates()).resource_templates
    assert "agent-memory:/handoff/{id}{?tenant_id}" in [each.uri_template for each in templates]
    woken = await client.get_prompt("wake_up", {"with_whom": "Ada"})
    assert "blue stone" in woken.messages[0].content.text, woken
    assert (await client.list_prompts()).prompts
    wrong = await client.call_tool("handoff_create", {"session_id": "s", "with_whom": 3})
    assert wrong.is_error and "with_whom" in wrong.content[0].text, wrong
    foreign = await client.call_tool("handoff_last", {"tenant_id": "rival"})
    assert foreign.is_error, foreign
    try:
        await client.read_resource("agent-memory:/handoff/nobody")
        raise SystemExit("nothing was found, and no error said so")
    except MCPError as error:
        assert "nobody" in str(error), error
    print(name, client.protocol_version, len(tools), "tools")


async def over_http(name, mode):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http:
        transport = streamable_http_client(url + "/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            await life(name, client)


async def on_stdio(name, arguments, environment, mode):
    server = StdioServerParameters(command=program, args=arguments, env=environment)
    async with Client(server, mode=mode) as client:
        await life(name, client)


async def main():
    await over_http("newest", "auto")
    await over_http("handshake", "legacy")
    carried = {"AGENT_MEMORY_URL": url, "AGENT_MEMORY_KEY": key}
    for mode in ("auto", "legacy"):
        await on_stdio(f"carried {mode}", ["mcp"], carried, mode)
    beside = {"API_AUTH_ENABLED": "true", "AGENT_MEMORY_KEY": key}
    await on_stdio("beside", ["mcp", "--data-dir", data], beside, "auto")


asyncio.run(main())
