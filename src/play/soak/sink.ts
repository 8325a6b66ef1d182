import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { beWorker } from './workers.ts';

/** A partner that takes everything and stores nothing, so it can run for hours. */
function startPartner(): Promise<string> {
  const server = http.createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      const code = decodeURIComponent(/^\/dossiers\/([^/]+)/.exec(incoming.url ?? '')?.[1] ?? '');
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ code, receipt: 'MC-1' }));
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
}

if (process.argv[1] === import.meta.filename) beWorker<null, string>(startPartner);
