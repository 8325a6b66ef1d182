import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A one-stop system that takes everything and stores nothing, so it can run for hours. Ends on SIGTERM. */
const server = http.createServer((incoming, outgoing) => {
  incoming.resume().on('end', () => {
    const code = decodeURIComponent(/^\/dossiers\/([^/]+)/.exec(incoming.url ?? '')?.[1] ?? '');
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ code, receipt: 'MC-1' }));
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` }));
});
process.once('SIGTERM', () => process.exit(0));
