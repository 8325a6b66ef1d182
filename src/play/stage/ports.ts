import { once } from 'node:events';
import net from 'node:net';

/** The wanted port if it is free, otherwise another free port. */
export async function freePort(host: string, asked: number): Promise<number> {
  return (await tryPort(host, asked)) ?? ((await tryPort(host, 0)) as number);
}

async function tryPort(host: string, port: number): Promise<number | undefined> {
  const server = net.createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  } catch (error) {
    if (port !== 0 && ['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  } finally {
    server.close();
  }
}
