import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPlaces } from './places.ts';
import { fingerprintOf, type SftpPlace } from './sftp.ts';

const { Server, utils } = ssh2;
const { STATUS_CODE: STATUS } = utils.sftp;
const hostKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

let root: string;
let close: () => void;
let place: SftpPlace;
/** Open connections. */
const clients = new Set<Connection>();
/** Bytes in one answer for a slow file, each after a while. */
const SLOW_CHUNK = 4_096;
const SLOW_MS = 400;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sftp-'));
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    let isMute = false;
    client.on('authentication', (asked) => {
      isMute = asked.username === 'mute';
      const isKnown = asked.method === 'password' && asked.password === 'mat-khau';
      return isKnown ? asked.accept() : asked.reject(['password']);
    });
    client.on('session', (accept) => accept().on('sftp', (open) => isMute || serve(open(), root)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    for (const client of clients) client.end();
    server.close();
  };
  const key = utils.parseKey(hostKey);
  if (key instanceof Error) throw key;
  const { port } = server.address() as AddressInfo;
  const pinned = fingerprintOf(key.getPublicSSH());
  place = { kind: 'sftp', host: '127.0.0.1', port, username: 'hub', password: 'mat-khau', hostKey: pinned, path: '/' };
});
afterAll(async () => {
  close();
  await rm(root, { recursive: true });
});

const places = createPlaces({ timeoutMs: 5_000 });

test('a file on a server is listed, read, moved with its folder, and a report is written beside it', async () => {
  await writeFile(join(root, 'a.csv'), 'Mã hồ sơ');
  await writeFile(join(root, 'empty.csv'), '');
  await mkdir(join(root, 'other'));
  const read = await places.within(place, async (open) => {
    const listed = await open.list('');
    const bytes = await open.read('a.csv');
    const start = await open.read('a.csv', 3);
    const empty = await open.read('empty.csv');
    await open.move('a.csv', 'taking/dossiers/a.csv');
    await open.write('done/a.csv.report.csv', Buffer.from('một'));
    await open.write('done/a.csv.report.csv', Buffer.from('hai'));
    await open.move('missing.csv', 'done/missing.csv');
    return {
      names: listed.map(({ name, bytes: size }) => [name, size]),
      text: bytes?.toString(),
      start: start?.toString(),
      empty,
      gone: await open.read('a.csv'),
      none: await open.list('no-folder'),
    };
  });
  expect(read).toEqual({
    names: [
      ['a.csv', 12],
      ['empty.csv', 0],
    ],
    text: 'Mã hồ sơ',
    start: 'Mã',
    empty: Buffer.alloc(0),
    gone: undefined,
    none: [],
  });
  expect(await readdir(join(root, 'taking/dossiers'))).toEqual(['a.csv']);
  expect(await readFile(join(root, 'done/a.csv.report.csv'), 'utf8')).toBe('hai');
  expect(await readdir(join(root, 'done'))).toEqual(['a.csv.report.csv']);
});

test('no more of a file in a folder is read than asked for', async () => {
  await writeFile(join(root, 'long.csv'), 'Mã hồ sơ');
  const read = await places.within({ kind: 'folder', path: root }, async (open) => [
    (await open.read('long.csv', 3))?.toString(),
    (await open.read('long.csv'))?.toString(),
    await open.read('none.csv'),
  ]);
  expect(read).toEqual(['Mã', 'Mã hồ sơ', undefined]);
});

test('a server with another key gets no password, and the outcome names both keys', async () => {
  const other = `SHA256:${'A'.repeat(43)}`;
  const outcome = await places.within({ ...place, hostKey: other }, async () => 'opened');
  expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'place' });
  expect(JSON.stringify(outcome)).toContain(other);
  expect(JSON.stringify(outcome)).toContain(place.hostKey);
});

test('a wrong password and a missing folder are unavailable without a secret in the words', async () => {
  for (const wrong of [{ password: 'sai-mat-khau' }, { path: '/no-folder' }]) {
    const outcome = await places.within({ ...place, ...wrong }, (open) => open.list(''));
    expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'place' });
    expect(JSON.stringify(outcome)).not.toContain('mat-khau');
  }
});

test('a server that never answers a list makes the place unavailable within the time for a step', async () => {
  await mkdir(join(root, 'silent'));
  const impatient = createPlaces({ timeoutMs: 2_000 });
  const begunMs = performance.now();
  const outcome = await impatient.within(place, (open) => open.list('silent'));
  expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'place' });
  expect(JSON.stringify(outcome)).toContain('no answer within 2 s');
  expect(performance.now() - begunMs).toBeLessThan(10_000);
  await expect.poll(() => clients.size).toBe(0);
});

test('a server that opens no SFTP after the login makes the place unavailable, and is left', async () => {
  const outcome = await createPlaces({ timeoutMs: 2_000 }).within({ ...place, username: 'mute' }, (open) =>
    open.list(''),
  );
  expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'place' });
  await expect.poll(() => clients.size).toBe(0);
});

test('a file may take longer than the time for a step while its bytes arrive', async () => {
  const bytes = Buffer.alloc(SLOW_CHUNK * 7, 'a');
  await writeFile(join(root, 'slow.csv'), bytes);
  const read = await createPlaces({ timeoutMs: 2_000 }).within(place, (open) => open.read('slow.csv'));
  expect(Buffer.isBuffer(read) && read.equals(bytes)).toBe(true);
});

/** The part of SFTP (version 3) that the hub uses, over a folder. */
function serve(sftp: SFTPWrapper, folder: string): void {
  const files = new Map<number, { readonly path: string; data: Buffer; isNew: boolean; isListed?: boolean }>();
  let next = 0;
  const at = (path: string): string => join(folder, path);
  const handleOf = (path: string, data: Buffer, isNew: boolean): Buffer => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(next, 0);
    files.set(next++, { path, data, isNew });
    return handle;
  };
  const fileOf = (handle: Buffer) =>
    files.get(handle.readUInt32BE(0)) as { path: string; data: Buffer; isNew: boolean; isListed?: boolean };
  const attrsOf = async (path: string) => {
    const { mode, size, mtimeMs } = await stat(path);
    const time = Math.round(mtimeMs / 1000);
    return { mode, uid: 0, gid: 0, size, atime: time, mtime: time };
  };
  const reply = (id: number, work: Promise<unknown>): void =>
    void work.then(
      () => sftp.status(id, STATUS.OK),
      () => sftp.status(id, STATUS.NO_SUCH_FILE),
    );
  const failing = (id: number) => () => void sftp.status(id, STATUS.NO_SUCH_FILE);
  sftp.on(
    'REALPATH',
    (id, path) => void sftp.name(id, [{ filename: join('/', path), longname: path, attrs: {} as never }]),
  );
  for (const name of ['STAT', 'LSTAT'] as const)
    sftp.on(
      name,
      (id: number, path: string) => void attrsOf(at(path)).then((attrs) => sftp.attrs(id, attrs), failing(id)),
    );
  sftp.on(
    'FSTAT',
    (id, handle) =>
      void sftp.attrs(id, { mode: 0o100644, uid: 0, gid: 0, size: fileOf(handle).data.length, atime: 0, mtime: 0 }),
  );
  sftp.on('FSETSTAT', (id) => void sftp.status(id, STATUS.OK));
  sftp.on('OPENDIR', (id, path) => {
    // Accepted, and never answered.
    if (path.endsWith('/silent')) return;
    void stat(at(path)).then(() => sftp.handle(id, handleOf(at(path), Buffer.alloc(0), false)), failing(id));
  });
  sftp.on('READDIR', (id, handle) => {
    const opened = fileOf(handle);
    if (opened.isListed) return void sftp.status(id, STATUS.EOF);
    opened.isListed = true;
    void readdir(opened.path).then(async (names) => {
      const rows = await Promise.all(
        names.map(async (filename) => {
          const attrs = await attrsOf(join(opened.path, filename));
          return {
            filename,
            longname: `${attrs.mode & 0o40000 ? 'd' : '-'}rw-r--r-- 1 hub hub ${attrs.size} Aug 12 08:15 ${filename}`,
            attrs,
          };
        }),
      );
      if (rows.length === 0) sftp.status(id, STATUS.EOF);
      else sftp.name(id, rows);
    });
  });
  sftp.on('OPEN', (id, path, flags) => {
    const isNew = (flags & utils.sftp.OPEN_MODE.WRITE) !== 0;
    const data = isNew ? Promise.resolve(Buffer.alloc(0)) : readFile(at(path));
    void data.then((bytes) => sftp.handle(id, handleOf(at(path), bytes, isNew)), failing(id));
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const { data, path } = fileOf(handle);
    if (offset >= data.length) sftp.status(id, STATUS.EOF);
    else if (path.endsWith('slow.csv'))
      setTimeout(() => sftp.data(id, data.subarray(offset, offset + Math.min(length, SLOW_CHUNK))), SLOW_MS);
    else sftp.data(id, data.subarray(offset, offset + length));
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    const opened = fileOf(handle);
    opened.data = Buffer.concat([opened.data.subarray(0, offset), data]);
    sftp.status(id, STATUS.OK);
  });
  sftp.on('CLOSE', (id, handle) => {
    const { path, data, isNew } = fileOf(handle);
    reply(id, isNew ? writeFile(path, data) : Promise.resolve());
  });
  sftp.on('MKDIR', (id, path) => reply(id, mkdir(at(path))));
  sftp.on('REMOVE', (id, path) => reply(id, unlink(at(path))));
  // As version 3 has it, an existing name is no target.
  sftp.on(
    'RENAME',
    (id, from, to) =>
      void stat(at(to)).then(
        () => sftp.status(id, STATUS.FAILURE),
        () => reply(id, rename(at(from), at(to))),
      ),
  );
}
