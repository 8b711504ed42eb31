#!/usr/bin/env python3
"""Uses every tool and resource of a server with the Python SDK (1.x or 2.x, whichever this interpreter has).

    sdk.py MODE PROGRAM ARGUMENT...     MODE: auto or legacy (2.x only; 1.x always begins with initialize)
"""

import asyncio
import sys

import mcp
from mcp.client.stdio import stdio_client

MODE, PROGRAM, *ARGUMENTS = sys.argv[1:]
CALLS = [
    ("learn", {"text": "We use tabs for indentation", "exact": True, "type": "rule"}),
    ("recall", {"query": "indentation"}),
    ("recent", {"limit": 3}),
    ("forget", {"query": "indentation"}),
    ("status", {}),
]


async def use(client, revision):
    tools = {tool.name for tool in (await client.list_tools()).tools}
    assert tools == {name for name, _ in CALLS}, tools
    for name, arguments in CALLS:
        result = await client.call_tool(name, arguments)
        is_error = result.is_error if hasattr(result, "is_error") else result.isError
        assert not is_error and result.content[0].text, (name, result)
    resources = (await client.list_resources()).resources
    for resource in resources:
        contents = (await client.read_resource(resource.uri)).contents
        assert "tabs" in contents[0].text, resource
    print(f"{revision}: {len(tools)} tools, {len(resources)} resources")


async def main():
    parameters = mcp.StdioServerParameters(command=PROGRAM, args=ARGUMENTS)
    if hasattr(mcp, "Client"):
        async with mcp.Client(parameters, mode=MODE) as client:
            await use(client, client.protocol_version)
        return
    async with stdio_client(parameters) as (read, write), mcp.ClientSession(read, write) as session:
        await use(session, (await session.initialize()).protocolVersion)


asyncio.run(main())
