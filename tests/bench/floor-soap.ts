import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServerless, type Server } from 'soap';
import { wsdlAt } from '../../src/http/doors/soap/wsdl.ts';
import { beWorker } from './workers.ts';

export type SoapOrder = Readonly<Record<string, never>>;
export interface SoapState {
  readonly url: string;
  /** The processor time of this process so far. */
  readonly cpuSeconds: number;
}

/** node-soap in a separate process, with as little around it as possible. */
if (process.argv[1] === import.meta.filename) {
  const server = await start();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  beWorker<SoapOrder, SoapState>(async () => {
    const { user, system } = process.cpuUsage();
    return { url, cpuSeconds: (user + system) / 1e6 };
  });
}

async function start(): Promise<ReturnType<typeof createServer>> {
  const soap = await createSoap();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const { url = '', method = '', headers } = request;
      const reply = await soap.processRequest(Buffer.concat(chunks).toString(), { url, method, headers });
      response.writeHead(reply.statusCode, { ...reply.headers, 'Content-Length': Buffer.byteLength(reply.body) });
      response.end(reply.body);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** It is handed out before its WSDL is read: only the callback says when it can be used. */
function createSoap(): Promise<Server> {
  const port = { PushDossiers: () => ({ receipt: 'none' }) };
  return new Promise((resolve, reject) => {
    const made: Promise<Server> = createServerless({
      path: '/soap',
      services: { LienThong: { HubSoap11: port, HubSoap12: port } },
      xml: wsdlAt('http://127.0.0.1/soap'),
      callback: (error: unknown) => (error ? reject(error) : made.then(resolve, reject)),
    } as never);
  });
}
