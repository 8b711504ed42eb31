// Uses every tool and resource of a server with the Node SDK: package sdk (1.x) or client (2.x) of the folder it is run in.
//     node sdk.mjs 1|2|2-auto PROGRAM ARGUMENT...
import assert from "node:assert"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

const [which, command, ...args] = process.argv.slice(2)
const here = createRequire(process.cwd() + "/x.js")
const load = name => import(pathToFileURL(here.resolve(name)))
const scope = "@modelcontextprotocol/"
const [main, stdio] = which === "1" ? ["sdk/client/index.js", "sdk/client/stdio.js"] : ["client", "client/stdio"]
const { Client } = await load(scope + main)
const { StdioClientTransport } = await load(scope + stdio)
const calls = [
  ["learn", { text: "We use tabs for indentation", exact: true, type: "rule" }],
  ["recall", { query: "indentation" }],
  ["recent", { limit: 3 }],
  ["forget", { query: "indentation" }],
  ["status", {}],
]

const options = which === "2-auto" ? { versionNegotiation: { mode: "auto" } } : {}
const client = new Client({ name: "kuzu-memory-test", version: "0" }, options)
await client.connect(new StdioClientTransport({ command, args }))
const { tools } = await client.listTools()
assert.deepEqual(tools.map(tool => tool.name).sort(), calls.map(([name]) => name).sort())
for (const [name, given] of calls) {
  const result = await client.callTool({ name, arguments: given })
  assert(!result.isError && result.content[0].text, name)
  assert(result.structuredContent, name) // the SDK has checked it against the tool's outputSchema
}
const { resources } = await client.listResources()
for (const { uri } of resources) assert((await client.readResource({ uri })).contents[0].text.includes("tabs"), uri)
console.log(`${client.getNegotiatedProtocolVersion?.() ?? "by initialize"}: ${tools.length} tools, ${resources.length} resources`)
await client.close()
