import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS, msToInstant } from '#core/dates/dates';
import { fileReference, hashOfFile, USUAL_FILE_TYPES } from '#core/identifiers/file-reference';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { forEachInOrder } from '../concurrency/in-order.ts';
import type { Database } from '../database/pool.ts';
import type { FileSource, OpenedFile } from '../kit/files.ts';
import { refused, unavailable } from '../kit/outcomes.ts';
import {
  bytesOfParty,
  filesOfParty,
  filesToScan,
  forgetFile,
  forgetUnused,
  knownPlaces,
  loadFile,
  noteScan,
  OverQuota,
  recordFile,
  replaceCopy,
  type ScanState,
  type StoredFile,
  somePlaces,
} from '../ledger/files.ts';
import type { Vault } from '../secrets/vault.ts';
import { takeInlineFiles } from './inline-files.ts';
import { mediaTypeOf, SAMPLE_BYTES } from './media-type.ts';
import { NotTaken } from './not-taken.ts';
import { type ObjectStore, StoreAway } from './object-store.ts';
import type { Scanner, Verdict } from './scanner.ts';
import { createSealing, KEY_BYTES, openFrames } from './sealed-frames.ts';

/** The sender of a file. `digest`: its SHA-256 as the sender announced it, in hexadecimal. */
interface TakenFrom {
  readonly party: string;
  readonly digest?: string | undefined;
}

export interface TakenFile {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly reference: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly scan: ScanState;
  /** Whether this party has not pushed the file before. */
  readonly isNew: boolean;
}

/** The files that pass through the hub. */
export interface HubFiles extends FileSource {
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /**
   * Takes a file while it arrives. Resolves when its bytes and its record are durable.
   *
   * @returns NotTaken when a rule refuses it; nothing is stored then
   * @throws what the chunks throw
   */
  take(chunks: AsyncIterable<Uint8Array>, by: TakenFrom): Promise<TakenFile | NotTaken>;
  /**
   * Takes the files in JSON whose members of one name hold them in base64, while it arrives.
   *
   * @param rest gets the JSON with references in their places
   * @returns the first refused file with the number of its member
   */
  takeInline(
    chunks: AsyncIterable<Uint8Array>,
    by: { readonly party: string; readonly member: string },
    rest: (bytes: Buffer) => void,
  ): Promise<{ readonly refused: NotTaken; readonly number: number } | undefined>;
  /**
   * Like `open`, after the first bytes have come: a store that is away makes it `unavailable`. Its source stays open until
   * the bytes are read or their iterator is returned.
   */
  start(reference: string): ReturnType<FileSource['open']>;
  /** Those of the files that the party has, because it pushed them. */
  of(party: string, sha256: readonly string[]): Promise<ReadonlySet<string>>;
  /** Scans files that no scanner has seen, and removes files that nobody uses. */
  sweep(): Promise<void>;
  /** Removes bytes without a record: of a process that was killed while it stored them. */
  removeOrphans(): Promise<void>;
  /** Looks at this many stored files, chosen at random. Counts those whose bytes a restore has left out. */
  lookAtBytes(most: number): Promise<{ readonly looked: number; readonly missing: number }>;
  /** Why nothing can be stored. Undefined if something can. */
  storeTrouble(): Promise<string | undefined>;
  /** Whether the scanner answers. Undefined if the settings want none. */
  isScannerThere(): Promise<boolean | undefined>;
}

export interface FilesDeps {
  readonly database: Database;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly nowMs: () => number;
  readonly store: ObjectStore;
  /** A local folder for files that arrive. */
  readonly spool: string;
  /** Undefined: the settings want no scan. */
  readonly scanner: Scanner | undefined;
  readonly maxBytes?: number | undefined;
  readonly types?: readonly string[] | undefined;
  /** The most bytes of one party. */
  readonly quotaBytes?: number | undefined;
  readonly onResult: (party: string, result: string) => void;
}

const MAX_BYTES = 256 * 1024 * 1024;
const QUOTA_BYTES = 50 * 1024 ** 3;
/** A file that no dossier names after this time is removed. So are bytes without a record. */
const UNUSED_MS = DAY_MS;
const SWEPT_AT_ONCE = 100;

export function createHubFiles(deps: FilesDeps): HubFiles {
  const { database, store, scanner, maxBytes = MAX_BYTES } = deps;
  const unscannable = new Map<string, number>();

  async function take(chunks: AsyncIterable<Uint8Array>, by: TakenFrom): Promise<TakenFile | NotTaken> {
    try {
      const taken = await takeFile({ ...deps, maxBytes }, chunks, by);
      deps.onResult(by.party, taken.isNew ? 'stored' : 'known');
      return taken;
    } catch (error) {
      deps.onResult(by.party, error instanceof NotTaken ? error.reason : 'broken');
      if (error instanceof NotTaken) return error;
      throw error;
    }
  }

  return {
    maxBytes,
    take,
    async takeInline(chunks, { party, member }, rest) {
      let number = 0;
      const takeOne = async (bytes: AsyncIterable<Buffer>, at: number): Promise<string> => {
        number = at;
        const taken = await take(bytes, { party });
        if (taken instanceof NotTaken) throw taken;
        return taken.reference;
      };
      try {
        await takeInlineFiles(chunks, member, takeOne, rest);
      } catch (refused) {
        if (refused instanceof NotTaken) return { refused, number };
        throw refused;
      }
      return undefined;
    },
    open: (reference) => openFile(deps, reference),
    start: (reference) => startFile(deps, reference),
    of: (party, sha256) => filesOfParty(database, party, sha256),
    sweep: () => forEachInOrder([() => removeUnused(deps), () => scanWaiting(deps, unscannable)], (work) => work()),
    removeOrphans: () => removeOrphans(deps),
    lookAtBytes: (most) => lookAtBytes(deps, most),
    storeTrouble: () => store.trouble(),
    isScannerThere: async () => scanner?.isThere(),
  };
}

/** The bytes of a spooled file, sealed, and what was learnt of it. */
interface Spooled {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly key: Buffer;
  readonly verdict: Verdict | undefined;
}

type Taking = FilesDeps & { readonly maxBytes: number };

async function takeFile(
  deps: Taking,
  chunks: AsyncIterable<Uint8Array>,
  { party, digest }: TakenFrom,
): Promise<TakenFile> {
  const { database, vault, store, nowMs } = deps;
  const most = deps.quotaBytes ?? QUOTA_BYTES;
  const held = await bytesOfParty(database, party);
  const spooled = await spool(deps, chunks).catch(notNow);
  try {
    const { path, sha256, bytes, mediaType, key, verdict } = spooled;
    if (digest !== undefined && digest !== sha256)
      throw new NotTaken('digest', say('file-digest', { got: received(digest) }));
    if (verdict?.kind === 'infected') {
      // The same bytes may have been stored before the scanner knew this virus.
      await noteScan(database, sha256, 'infected', verdict.found);
      throw new NotTaken('infected', say('file-infected', { found: verdict.found }));
    }
    // A repeat needs no more room. Any other file spares the store its bytes.
    if (held >= most && !(await filesOfParty(database, party, [sha256])).has(sha256))
      throw overQuota(party, held + bytes, most);
    const scan = verdict ? 'clean' : 'unscanned';
    const place = `${sha256}.${randomBytes(4).toString('hex')}`;
    await store.put(path, place).catch(notNow);
    const { bytes: secret, keyId: secretKey } = vault.seal(key.toString('base64'));
    const storedAt = msToInstant(nowMs());
    const file = { sha256, bytes, mediaType, place, scan, storedAt, secret, secretKey } as const;
    const keptUntil = msToInstant(nowMs() + UNUSED_MS);
    const recorded = await recordFile(database, file, { party, keptUntil, most }).catch(async (error) => {
      if (!(error instanceof OverQuota)) throw error;
      await store.remove(place);
      throw overQuota(party, held + bytes, most);
    });
    if (recorded.place !== place) await keepOneCopy(deps, recorded.place, file);
    return { reference: fileReference(sha256), sha256, bytes, mediaType, scan, isNew: recorded.isNewToParty };
  } finally {
    await rm(spooled.path, { force: true });
  }
}

/** Keeps the copy that was stored before. If a restore has left out its bytes, keeps the new copy. */
async function keepOneCopy(
  { database, store }: FilesDeps,
  before: string,
  copy: Pick<StoredFile, 'sha256' | 'place' | 'secret' | 'secretKey'>,
): Promise<void> {
  const isReplaced = (await store.lacks?.(before)) === true && (await replaceCopy(database, before, copy));
  if (!isReplaced) await store.remove(copy.place);
}

/** The file is kept nowhere, and its sender tries again. */
function notNow(error: unknown): never {
  const said = error instanceof StoreAway ? error.message : troubleOfDisk(error);
  if (said !== undefined) throw new NotTaken('store', say('file-store-away', { said }));
  throw error;
}

/** A disk that is full, over its quota, read-only, broken or closed to the hub's user, or no free file descriptor. */
const OF_DISK: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
]);

/** Without the path, which is no business of the sender: `ENOSPC: no space left on device`. */
function troubleOfDisk(error: unknown): string | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return OF_DISK.has(code) ? message.replace(/, \w+(?: '.*)?$/s, '') : undefined;
}

const overQuota = (party: string, count: number, most: number): NotTaken =>
  new NotTaken('quota', say('file-quota', { party, count, most }));

/** Writes the sealed bytes to the spool, and hashes and scans them meanwhile. Leaves nothing behind when it throws. */
async function spool(deps: Taking, chunks: AsyncIterable<Uint8Array>): Promise<Spooled> {
  await mkdir(deps.spool, { recursive: true, mode: 0o700 });
  const path = join(deps.spool, randomUUID());
  const handle = await open(path, 'wx', 0o600);
  const scan = deps.scanner?.begin();
  const [key, hash] = [randomBytes(KEY_BYTES), createHash('sha256')];
  const sealing = createSealing(key);
  let [bytes, sample, mediaType] = [0, Buffer.alloc(0), undefined as string | undefined];
  try {
    for await (const given of chunks) {
      const chunk = Buffer.from(given.buffer, given.byteOffset, given.length);
      bytes += chunk.length;
      if (bytes > deps.maxBytes) throw new NotTaken('too-large', say('file-too-large', { count: deps.maxBytes }));
      if (mediaType === undefined) {
        sample = Buffer.concat([sample, chunk]);
        if (sample.length > SAMPLE_BYTES) mediaType = await allowedType(deps, sample);
      }
      hash.update(chunk);
      // Not `write` or `writev`: on a full disk they succeed with a part of the bytes.
      for (const frame of sealing.add(chunk)) await handle.appendFile(frame);
      await scan?.add(chunk);
    }
    if (bytes === 0) throw new NotTaken('empty', say('file-empty'));
    mediaType ??= await allowedType(deps, sample);
    await handle.appendFile(sealing.end());
    await handle.sync();
    await handle.close();
    return { path, sha256: hash.digest('hex'), bytes, mediaType, key, verdict: await scan?.end() };
  } catch (error) {
    scan?.abort();
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

async function allowedType({ types = USUAL_FILE_TYPES }: FilesDeps, sample: Buffer): Promise<string> {
  const mediaType = await mediaTypeOf(sample);
  if (mediaType !== undefined && types.includes(mediaType)) return mediaType;
  throw new NotTaken('type', say('file-type', { got: mediaType ?? say('unknown-type'), list: types }));
}

async function openFile(deps: FilesDeps, reference: string): ReturnType<FileSource['open']> {
  const sha256 = hashOfFile(reference);
  const file = sha256 === undefined ? undefined : await loadFile(deps.database, sha256);
  if (!file) return refused('file-missing', say('file-missing', { got: received(reference) }));
  if (file.scan === 'infected') return refused('file-infected', say('file-infected', { found: file.found ?? '' }));
  if (file.scan === 'unscanned' && deps.scanner) return unavailable('file-unscanned', say('file-unscanned'));
  return opened(deps, file);
}

async function startFile(deps: FilesDeps, reference: string): ReturnType<FileSource['open']> {
  const file = await openFile(deps, reference);
  if ('kind' in file) return file;
  const chunks = file.read()[Symbol.asyncIterator]();
  try {
    const first = await chunks.next();
    return { ...file, read: () => withFirst(first, chunks) };
  } catch (error) {
    if (error instanceof StoreAway)
      return unavailable('file-store-away', say('file-store-away', { said: error.message }));
    throw error;
  }
}

/** No generator: one that nobody has begun to read ends without its `finally`, and its source would stay open. */
function withFirst(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncIterableIterator<Uint8Array> {
  let begun: IteratorResult<Uint8Array> | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const next = begun ?? (await rest.next());
      begun = undefined;
      return next;
    },
    async return() {
      await rest.return?.();
      return { done: true, value: undefined };
    },
  };
}

function opened({ vault, store }: Pick<FilesDeps, 'vault' | 'store'>, file: StoredFile): OpenedFile {
  const { bytes, mediaType, place, secret, secretKey } = file;
  const key = Buffer.from(vault.open({ keyId: secretKey, bytes: secret }).toString(), 'base64');
  return { bytes, mediaType, read: () => openFrames(store.open(place), key) };
}

/** A file that could not be removed stays for the next sweep, and keeps no other from it. */
async function removeUnused({ database, store, nowMs }: FilesDeps): Promise<void> {
  const [now, tomorrow] = [msToInstant(nowMs()), msToInstant(nowMs() + UNUSED_MS)];
  await forEachInOrder(await forgetUnused(database, now, tomorrow, SWEPT_AT_ONCE), async ({ sha256, place }) => {
    await store.remove(place);
    await forgetFile(database, sha256, place);
  });
}

/** A file that the scanner cannot scan, or the store does not give, is tried again after this time. */
const UNSCANNABLE_MS = 3_600_000;

/**
 * Scans what a scanner that was away has not seen, oldest first. Ends when the scanner or the store is away.
 *
 * @param unscannable the files that have to wait, and until when: they keep no other from a scan
 * @throws the first error of a file, after the others
 */
async function scanWaiting(deps: FilesDeps, unscannable: Map<string, number>): Promise<void> {
  const { scanner, store, database, nowMs } = deps;
  if (!scanner) return;
  for (const [sha256, untilMs] of unscannable) if (untilMs <= nowMs()) unscannable.delete(sha256);
  let isAway = false;
  await forEachInOrder(await filesToScan(database, [...unscannable.keys()], SWEPT_AT_ONCE), async (file) => {
    if (isAway) return;
    try {
      const verdict = await verdictOf(deps, scanner, file);
      if (verdict)
        return noteScan(database, file.sha256, verdict.kind, verdict.kind === 'infected' ? verdict.found : undefined);
      isAway = !(await scanner.isThere());
      if (!isAway) throw new Error(withoutVerdict(file));
    } catch (error) {
      isAway = (await store.trouble()) !== undefined;
      if (!isAway) unscannable.set(file.sha256, nowMs() + UNSCANNABLE_MS);
      throw error;
    }
  });
}

const withoutVerdict = ({ sha256, bytes }: StoredFile): string =>
  `the scanner answers, but not for the file sha256:${sha256} of ${bytes} bytes: expected a limit above its size, such as StreamMaxLength of clamd`;

async function verdictOf(deps: FilesDeps, scanner: Scanner, file: StoredFile): Promise<Verdict | undefined> {
  const scan = scanner.begin();
  try {
    for await (const chunk of opened(deps, file).read()) await scan.add(Buffer.from(chunk));
  } catch (error) {
    scan.abort();
    throw error;
  }
  return scan.end();
}

async function lookAtBytes({ database, store }: FilesDeps, most: number): ReturnType<HubFiles['lookAtBytes']> {
  const places = store.lacks ? await somePlaces(database, randomBytes(32).toString('hex'), most) : [];
  const lacks = await Promise.all(places.map((place) => store.lacks?.(place)));
  return { looked: places.length, missing: lacks.filter((isMissing) => isMissing).length };
}

async function removeOrphans({ database, store, spool }: FilesDeps): Promise<void> {
  // The machine's clock, which dates the files.
  const before = Date.now() - UNUSED_MS;
  let places: string[] = [];
  const look = async (): Promise<void> => {
    const known = await knownPlaces(database, places);
    for (const place of places) if (!known.has(place)) await store.remove(place);
    places = [];
  };
  for await (const place of store.placesBefore(before)) if (places.push(place) >= SWEPT_AT_ONCE) await look();
  await look();
  for (const name of await readdir(spool).catch(() => [])) {
    const found = await stat(join(spool, name)).catch(() => undefined);
    if (found && found.mtimeMs < before) await rm(join(spool, name), { force: true });
  }
}
