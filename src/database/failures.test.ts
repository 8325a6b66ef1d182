import net from 'node:net';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { isOutcomeUnknown, isRefusal, isUnavailable } from './failures.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The address of a server that does this with each connection. */
async function serve(onConnection: (socket: net.Socket) => void): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `postgres://hub@127.0.0.1:${(server.address() as net.AddressInfo).port}/hub`;
}

function open(connectionString: string, more: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 1, ...more });
  pool.on('error', () => undefined);
  closers.push(() => pool.end());
  return pool;
}

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined).catch((error) => error);

/** AuthenticationOk and ReadyForQuery (PostgreSQL protocol 3.0): a session that answers nothing more. */
const READY = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

test('a server that refuses, ends or never begins a session is unavailable, and nothing was stored', async () => {
  const silent = await serve(() => undefined);
  for (const error of [
    await failureOf(open('postgres://hub@127.0.0.1:1/hub').query('SELECT 1')),
    await failureOf(open(silent, { connectionTimeoutMillis: 50 }).query('SELECT 1')),
  ]) {
    expect(error).toBeInstanceOf(Error);
    expect([isUnavailable(error), isOutcomeUnknown(error), isRefusal(error)]).toEqual([true, false, false]);
  }
});

test('a pool whose connections are all in use is unavailable', async () => {
  const pool = open(await serve((socket) => socket.write(READY)), { connectionTimeoutMillis: 50 });
  const client = await pool.connect();
  const error = await failureOf(pool.connect());
  client.release(true);
  expect([isUnavailable(error), isOutcomeUnknown(error)]).toEqual([true, false]);
});

test('a session that breaks or stays silent during a statement leaves its outcome unknown', async () => {
  const breaking = await serve((socket) => {
    socket.once('data', () => socket.write(READY, () => socket.once('data', () => socket.end())));
  });
  const silent = await serve((socket) => socket.once('data', () => socket.write(READY)));
  for (const error of [
    await failureOf(open(breaking).query('SELECT 1')),
    await failureOf(open(silent, { query_timeout: 50 }).query('SELECT 1')),
  ]) {
    expect(error).toBeInstanceOf(Error);
    expect([isUnavailable(error), isOutcomeUnknown(error)]).toEqual([true, true]);
  }
});

test.each([
  ['a bug', new TypeError("Cannot read properties of undefined (reading 'Connection')"), false],
  ['a missing column', Object.assign(new Error('column "timeout" does not exist'), { code: '42703' }), false],
  ['a shutdown', Object.assign(new Error('terminating connection'), { code: '57P01' }), true],
  [
    'a start of a session that the database refuses',
    Object.assign(new Error(''), { code: '55000', routine: 'InitPostgres' }),
    true,
  ],
  [
    'a statement that needs another state',
    Object.assign(new Error(''), { code: '55000', routine: 'currval_oid' }),
    false,
  ],
  ['no file descriptor', Object.assign(new Error(''), { code: 'EMFILE' }), true],
])('%s is judged by its code alone', (_, error, isAway) => {
  expect(isUnavailable(error)).toBe(isAway);
});
