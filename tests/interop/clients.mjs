// Each official client calls, streams and fails as it should; started by interop.mjs.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import * as node from '@connectrpc/connect-node'
import * as web from '@connectrpc/connect-web'

const here = dirname(fileURLToPath(import.meta.url))
const [linnet, protoDir] = process.argv.slice(2, 4).map((path) => resolve(path))
const work = mkdtempSync(join(tmpdir(), 'linnet-interop-'))

// The services as protoc-gen-es sees them.
async function generate() {
  const files = readdirSync(join(protoDir, 'pb')).map((name) => `pb/${name}`)
  execFileSync('protoc', [`--plugin=${join(here, 'node_modules/.bin/protoc-gen-es')}`, '--es_opt=target=js,import_extension=js',
    `--es_out=${work}`, '-I', protoDir, ...files])
  symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'))
  writeFileSync(join(work, 'package.json'), '{"type":"module"}')
  const load = (name) => import(pathToFileURL(join(work, 'pb', `${name}_pb.js`)))
  return { ...(await load('conn.ext')), ...(await load('linnet')), ...(await load('logic.ext')), ...(await load('user.ext')) }
}

async function startServer() {
  const server = spawn(linnet, ['--data-dir', join(work, 'data'), '--dev-code', '0000', '--tcp-listen', '127.0.0.1:0',
    '--http-listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: server.stdout })) {
    const [kind, address] = line.split(/\s+/)
    if (kind === 'http') return { server, url: `http://${address.replace(/^https?:\/\//, '')}` }
  }
  throw new Error('the server ended')
}

// Every transport that speaks HTTP/1.1, in both encodings, with and without compression.
function transports(baseUrl) {
  const common = { baseUrl, httpVersion: '1.1' }
  return {
    'connect-node, protobuf': node.createConnectTransport({ ...common }),
    'connect-node, JSON, GET': node.createConnectTransport({ ...common, useBinaryFormat: false, useHttpGet: true }),
    'connect-node, gzip': node.createConnectTransport({
      ...common, sendCompression: node.compressionGzip, compressMinBytes: 0, useHttpGet: true }),
    'connect-node, gRPC-Web': node.createGrpcWebTransport({ ...common }),
    'connect-node, gRPC-Web, JSON, gzip': node.createGrpcWebTransport({
      ...common, useBinaryFormat: false, sendCompression: node.compressionGzip, compressMinBytes: 0 }),
    'connect-web': web.createConnectTransport({ baseUrl }),
    'connect-web, protobuf, GET': web.createConnectTransport({ baseUrl, useBinaryFormat: true, useHttpGet: true }),
    'connect-web, gRPC-Web': web.createGrpcWebTransport({ baseUrl }),
  }
}

async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return ConnectError.from(error)
  }
  assert.fail('the call went well')
}

function check(pb, transport, isGrpcWeb) {
  const logic = createClient(pb.LogicExt, transport)
  const users = createClient(pb.UserExt, transport)
  const headers = (who) => ({ headers: { authorization: `Bearer ${who.token}` } })
  const codeOf = (error) => {
    const [info] = error.findDetails(pb.ErrorInfoSchema)
    assert.ok(info, `${error}: no ErrorInfo`)
    return info.code
  }

  async function signIn(phoneNumber) {
    const device = { type: 5, brand: 'b', model: 'm', systemVersion: 's', sdkVersion: '1' }
    const { deviceId } = await logic.registerDevice(device)
    const { userId, token } = await users.signIn({ phoneNumber, code: '0000', deviceId })
    return { userId, token, deviceId }
  }

  async function befriend(anna, ben) {
    await logic.addFriend({ friendId: ben.userId }, headers(anna))
    await logic.agreeAddFriend({ userId: anna.userId }, headers(ben))
  }

  function text(to, words) {
    return { receiverType: pb.ReceiverType.RT_USER, receiverId: to.userId, messageType: pb.MessageType.MT_TEXT,
      messageContent: toBinary(pb.TextSchema, create(pb.TextSchema, { text: words })), isPersist: true }
  }

  async function unary(phones) {
    const [anna, ben] = [await signIn(phones[0]), await signIn(phones[1])]
    const nickname = 'Änna '.repeat(400)
    assert.equal(codeOf(await failure(logic.sendMessage(text(ben, 'hi'), headers(anna)))), 1004)
    await users.updateUser({ nickname: 'Änna' }, headers(anna))
    assert.equal((await users.getUser({ userId: anna.userId }, headers(ben))).user.nickname, 'Änna')
    const unknown = await failure(users.getUser({ userId: 999999n }, headers(anna)))
    assert.equal(codeOf(unknown), 1011)
    assert.equal(unknown.code, isGrpcWeb ? 1011 : Code.NotFound)
    const stranger = await failure(users.getUser({ userId: 1n }))
    assert.equal(codeOf(stranger), 1003)
    const large = await failure(logic.sendMessage(text(ben, nickname.repeat(40)), headers(anna)))
    assert.equal(codeOf(large), 2004)
    assert.equal(large.code, Code.ResourceExhausted)
    await befriend(anna, ben)
    assert.ok((await logic.sendMessage(text(ben, 'hi'), headers(anna))).seq > 0n)
    return { anna, ben }
  }

  async function streaming({ anna, ben }) {
    const stop = new AbortController()
    const seen = []
    let sent = 0
    for await (const { message } of logic.receive({ seq: 0n }, { ...headers(ben), signal: stop.signal })) {
      if (!message || message.messageType !== pb.MessageType.MT_TEXT) continue
      seen.push(fromBinary(pb.TextSchema, message.messageContent).text)
      await logic.ackMessages({ seq: message.seq }, headers(ben))
      if (seen.length === 4) break
      await logic.sendMessage(text(ben, `live ${++sent}`), headers(anna))
    }
    stop.abort()
    assert.deepEqual(seen, ['hi', 'live 1', 'live 2', 'live 3'])
    const refused = await failure((async () => {
      for await (const _ of logic.receive({ seq: 0n })) assert.fail('a message for nobody')
    })())
    assert.equal(codeOf(refused), 1003)
  }
  return { unary, streaming }
}

// buf curl, which is connect-go: its own idea of every protocol.
function bufCurl(url) {
  const machine = { x64: 'x64', arm64: 'aarch64' }[process.arch]
  const buf = join(here, `node_modules/@bufbuild/buf-linux-${machine}/bin/buf`)
  const run = (protocol, method, body) => JSON.parse(execFileSync(buf, ['curl', '--protocol', protocol,
    '--schema', protoDir, '--data', JSON.stringify(body), `${url}/${method}`], { env: { ...process.env, HOME: work } }))
  for (const protocol of ['connect', 'grpcweb']) {
    const device = { type: 5, brand: 'b', model: 'm', systemVersion: 's', sdkVersion: '1' }
    const { deviceId } = run(protocol, 'pb.LogicExt/RegisterDevice', device)
    assert.ok(Number(deviceId) > 0)
    const { token } = run(protocol, 'pb.UserExt/SignIn', { phoneNumber: '700', code: '0000', deviceId })
    assert.ok(token.length > 10)
    console.log(`ok  buf curl, ${protocol}`)
  }
}

const pb = await generate()
const { server, url } = await startServer()
try {
  let phone = 100
  for (const [name, transport] of Object.entries(transports(url))) {
    const { unary, streaming } = check(pb, transport, name.includes('gRPC-Web'))
    const people = await unary([String(phone++), String(phone++)])
    console.log(`ok  ${name}`)
    await streaming(people)
    console.log(`ok  ${name}, streaming`)
  }
  bufCurl(url)
} finally {
  server.kill('SIGTERM')
  await new Promise((done) => (server.exitCode === null ? server.once('exit', done) : done()))
  rmSync(work, { recursive: true, force: true })
}
assert.equal(server.exitCode, 0, 'the server did not end well')
