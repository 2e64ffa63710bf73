// The plainest server of the npm package ws: what one sends, everybody else gets.
// Usage: node ws_server.mjs PORT, in the directory where the package is.
import { createRequire } from 'node:module';

const { WebSocketServer, WebSocket } = createRequire(process.cwd() + '/')('ws');
const server = new WebSocketServer({
  host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: false, backlog: 4096,
});
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    for (const other of server.clients) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
    }
  });
});
