"""Tries MCP servers with the Python SDK.

Reads one JSON object per line, {"id", "transport", "url" | "command" and "args", "limit"} with the limit in seconds,
and prints one per attempt: {"id", "outcome", "detail"}; first one with the id 0 when it is ready. Attempts run at the same time. Ends with its input.
"""

import json
import logging
import os
import ssl
import sys
from contextlib import AsyncExitStack

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

logging.disable(logging.CRITICAL)
# Reading the system's certificates takes most of the time of an attempt, and no server here speaks TLS.
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def http_client(headers=None, timeout=None, auth=None):
    """As the SDK makes its own, with the limits that it has."""
    timeout = timeout or httpx2.Timeout(30, read=300)
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, verify=CONTEXT)


async def transport_to(job, errors, stack):
    if job["transport"] == "stdio":
        parameters = StdioServerParameters(command=job["command"], args=job["args"])
        return stdio_client(parameters, errlog=errors)
    if job["transport"] == "sse":
        return sse_client(job["url"], httpx_client_factory=http_client)
    client = await stack.enter_async_context(http_client())
    return streamable_http_client(job["url"], http_client=client)


def innermost(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


async def attempt(job, errors):
    outcome, detail = "no answer", ""
    try:
        with anyio.move_on_after(job["limit"]):
            async with AsyncExitStack() as stack:
                transport = await transport_to(job, errors, stack)
                client = await stack.enter_async_context(Client(transport))
                await client.list_tools()
                outcome = "lists"
    except Exception as error:
        # An error while disconnecting comes after the list.
        if outcome != "lists":
            outcome, detail = "fails", innermost(error)
    print(json.dumps({"id": job["id"], "outcome": outcome, "detail": detail}), flush=True)


async def main():
    with open(os.devnull, "w") as errors:
        print(json.dumps({"id": 0, "outcome": "ready", "detail": ""}), flush=True)
        async with anyio.create_task_group() as attempts:
            async for line in anyio.wrap_file(sys.stdin):
                attempts.start_soon(attempt, json.loads(line), errors)


anyio.run(main)
