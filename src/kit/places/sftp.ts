import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Writable } from 'node:stream';
import type { Client as SshClient } from 'ssh2';
import type SftpClient from 'ssh2-sftp-client';
import { withoutUndefined } from '#core/without-undefined';
import { PlaceFailure } from './failure.ts';
import { byName } from './folder.ts';
import type { OpenPlace } from './places.ts';

/** A folder on an SFTP server. */
export interface SftpPlace {
  readonly kind: 'sftp';
  readonly host: string;
  readonly port?: number | undefined;
  readonly username: string;
  readonly password?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  /** The fingerprint of the server's key, as `ssh-keygen -lf` prints it: `SHA256:…`. Another server is never logged in to. */
  readonly hostKey: string;
  readonly path: string;
}

/** A firewall that forgets the connection sends nothing. Without an answer to three of these the connection ends. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };
/** The work is done by then, so the hub does not wait long for the server to close. */
const END_MS = 5_000;

/** Opens the folder for one piece of work. Each operation fails if the server sends nothing for `timeoutMs`. */
export async function openSftp<T>(
  place: SftpPlace,
  timeoutMs: number,
  work: (place: OpenPlace) => Promise<T>,
): Promise<T> {
  // Loaded on first use: few hubs have such a partner.
  const { default: Client } = await import('ssh2-sftp-client');
  // Without callbacks of ours the client logs to the console when the server closes between two operations.
  const client = new Client('lienthong', {});
  const { host, port = 22, username, password, privateKey, passphrase, hostKey, path } = place;
  const expected = hostKey.replace(/=+$/, '');
  let seen: string | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    seen = fingerprintOf(key);
    return seen === expected;
  };
  const login = {
    ...withoutUndefined({ password, privateKey, passphrase }),
    host,
    port,
    username,
    hostVerifier,
    readyTimeout: Math.min(timeoutMs, 20_000),
    ...KEEPALIVE,
  };
  try {
    await bounded(client, timeoutMs, () => client.connect(login));
  } catch (error) {
    destroy(client);
    if (seen !== undefined && seen !== expected)
      throw new PlaceFailure(`the key of ${host} is ${seen}, expected ${hostKey}`);
    throw new PlaceFailure(`${host}: ${(error as Error).message}`);
  }
  try {
    return await work(openFolderOf(client, path, timeoutMs));
  } finally {
    await bounded(client, Math.min(timeoutMs, END_MS), () => client.end()).catch(() => undefined);
  }
}

/** As OpenSSH prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function openFolderOf(client: SftpClient, root: string, timeoutMs: number): OpenPlace {
  const at = (name: string): string => posix.join(root, name);
  const within = <T>(work: Work<T>): Promise<T> => orFailure(() => bounded(client, timeoutMs, work));
  return {
    list: (folder) =>
      within(async () => {
        if (folder !== '' && !(await client.exists(at(folder)))) return [];
        const entries = await client.list(at(folder));
        return entries
          .filter(({ type }) => type === '-')
          .map(({ name, size, modifyTime }) => ({ name, bytes: size, changedMs: modifyTime }))
          .sort(byName);
      }),
    read: (name, mostBytes) =>
      within(async (onBytes) => {
        if (!(await client.exists(at(name)))) return undefined;
        return readWhole(client, at(name), onBytes, mostBytes);
      }),
    write: (name, bytes) =>
      within(async () => {
        await makeFolder(client, at(name));
        await client.put(Buffer.from(bytes), at(`${name}.tmp`));
        // Servers of version 3 of the protocol refuse a rename to an existing name.
        if (await client.exists(at(name))) await client.delete(at(name));
        await client.rename(at(`${name}.tmp`), at(name));
      }),
    move: (from, to) =>
      within(async () => {
        if (!(await client.exists(at(from)))) return;
        await makeFolder(client, at(to));
        await client.rename(at(from), at(to));
      }),
    remove: (name) => within(async () => void ((await client.exists(at(name))) && (await client.delete(at(name))))),
  };
}

async function readWhole(
  client: SftpClient,
  path: string,
  onBytes: () => void,
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Without a stream of ours the client gives an empty file as a list instead of bytes.
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      onBytes();
      done();
    },
  });
  // The type lacks what ssh2's streams take.
  const readStreamOptions = { end: mostBytes - 1 } as object;
  await client.get(path, into, { readStreamOptions });
  return Buffer.concat(chunks);
}

async function makeFolder(client: SftpClient, file: string): Promise<void> {
  const folder = posix.dirname(file);
  if (!(await client.exists(folder))) await client.mkdir(folder, true);
}

/** `onBytes` says that the server still sends. */
type Work<T> = (onBytes: () => void) => Promise<T>;

/**
 * Ends the connection if the server sends nothing for `timeoutMs`: the client waits for an answer without end. A large file
 * may take longer while its bytes arrive.
 */
async function bounded<T>(client: SftpClient, timeoutMs: number, work: Work<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      destroy(client);
      reject(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(() => timer?.refresh()), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes the socket at once. The client itself only asks the server to close. */
function destroy(client: SftpClient): void {
  (client as unknown as { readonly client: SshClient }).client.destroy();
}

async function orFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new PlaceFailure((error as Error).message);
  }
}
