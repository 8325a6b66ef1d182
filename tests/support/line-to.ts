import net from 'node:net';

/** ReadyForQuery, and the error of a server that ends (PostgreSQL protocol 3.0). */
const READY = Buffer.from('5a0000000549', 'hex');
const ENDING = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0');
/** CopyDone. CommandComplete with the number of rows follows. */
const COPY_DONE = Buffer.from('6300000004', 'hex');
const PACKET_MS = 50;
const ENDED = Buffer.concat([Buffer.from('E'), Buffer.from([0, 0, 0, ENDING.length + 4]), ENDING]);

/**
 * A line to the database that can lose answers from the next write on; requests always arrive.
 * @param first replaces the first message of a client
 */
export async function lineTo(databaseUrl: string, first = (asked: Buffer): Buffer => asked) {
  const to = new URL(databaseUrl);
  const sockets: net.Socket[] = [];
  const clients = new WeakSet<net.Socket>();
  let state: 'open' | 'armed' | 'deaf' | 'ending' | 'splitting' = 'open';
  const server = net.createServer((client) => {
    const database = net.connect(Number(to.port || 5432), to.hostname);
    for (const socket of [client, database]) sockets.push(socket.on('error', () => undefined));
    clients.add(client);
    let isFirst = true;
    client.on('data', (asked) => {
      // The name of the statement; see writeParts.
      if (state === 'armed' && asked.includes('write ')) state = 'deaf';
      database.write(isFirst ? first(asked) : asked);
      isFirst = false;
    });
    database.on('data', (answer) => {
      const done = state === 'splitting' ? answer.indexOf(COPY_DONE) : -1;
      if (done >= 0) {
        client.write(answer.subarray(0, done + COPY_DONE.length));
        database.pause();
        setTimeout(() => {
          client.write(answer.subarray(done + COPY_DONE.length));
          database.resume();
        }, PACKET_MS);
      } else if (state !== 'deaf')
        client.write(state === 'ending' && answer.includes(READY) ? Buffer.concat([answer, ENDED]) : answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  return {
    url: url.href,
    /** The server is gone: it closes no connection, and new ones lead to another. */
    lose: () => {
      for (const socket of sockets.splice(0)) {
        if (clients.has(socket)) socket.removeAllListeners('data').resume();
        else socket.destroy();
      }
    },
    /** A firewall forgets the connections: nothing passes any more, none is closed, and the server keeps its sessions. */
    forget: () => {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    deafenAtWrite: () => {
      state = 'armed';
    },
    deafen: () => {
      state = 'deaf';
    },
    /** Sessions end in the packet that says that they are ready. */
    endWhenReady: () => {
      state = 'ending';
    },
    /** How many rows were copied comes in a later packet than the last row. */
    splitCopies: () => {
      state = 'splitting';
    },
    restore: () => {
      state = 'open';
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
