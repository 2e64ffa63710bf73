// The official Connect and gRPC-Web clients against the real executable.
//
// Usage: node interop.mjs LINNET PROTO_DIR
//
// Skipped (77) without the packages of package-lock.json, which ./dev test interop installs, or protoc.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const installed = fileURLToPath(new URL('node_modules/.package-lock.json', import.meta.url))
if (!existsSync(installed) || spawnSync('protoc', ['--version']).error) {
  console.log('skipped: npm ci has not been run here, or there is no protoc')
  process.exit(77)
}
await import('./clients.mjs')
