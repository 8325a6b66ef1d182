import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

/** What the EICAR institute defined as the harmless sign of a virus, in two parts: no scanner removes this file. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** A stand-in for clamd that finds EICAR, on a free port of this machine. `limits`: as its StreamMaxLength, and whether it knows EICAR. */
export async function startClamd() {
  const limits = { most: Number.POSITIVE_INFINITY, knows: true };
  const server = createServer((socket) => serve(socket, limits));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `clamd://127.0.0.1:${port}`,
    limits,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

const COMMAND = Buffer.from('zINSTREAM\0');

/** Keeps the last bytes only, however long the file is. */
function serve(socket: Socket, limits: { readonly most: number; readonly knows: boolean }): void {
  let [waiting, tail, isInfected, left, bytes] = [Buffer.alloc(0), '', false, -1, 0];
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (waiting.toString().startsWith('zPING\0')) return void socket.end('PONG\0');
    if (left < 0) {
      if (waiting.length < COMMAND.length) return;
      waiting = waiting.subarray(COMMAND.length);
      left = 0;
    }
    for (;;) {
      if (left === 0) {
        if (waiting.length < 4) return;
        left = waiting.readUInt32BE();
        waiting = waiting.subarray(4);
        bytes += left;
        if (bytes > limits.most) return void socket.end('INSTREAM size limit exceeded. ERROR\0');
        if (left === 0) return void socket.end(`stream: ${isInfected ? 'Eicar-Test-Signature FOUND' : 'OK'}\0`);
      }
      if (waiting.length === 0) return;
      const part = waiting.subarray(0, left);
      tail += part.toString('latin1');
      isInfected ||= limits.knows && tail.includes(EICAR);
      tail = tail.slice(-EICAR.length);
      left -= part.length;
      waiting = waiting.subarray(part.length);
    }
  });
}
