import { Readable } from 'node:stream';
import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { fileReference, hashOfFile, USUAL_FILE_TYPES } from '#core/identifiers/file-reference';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { KeyEntry } from '../config/config.ts';
import type { HubFiles } from '../files/hub-files.ts';
import type { OpenedFile } from '../kit/files.ts';
import type { AppContext } from './app-context.ts';
import { requireKey, requireOneOf } from './auth.ts';
import { bodyChunks, mediaTypeOf } from './body.ts';
import { type DoorContext, note, partyOf } from './doors/door.ts';
import { createUploadSlots, fileRefusal, inFileTime, UPLOADS_AT_ONCE } from './file-refusal.ts';
import { Purpose } from './lists.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

type FileContext = DoorContext & Pick<AppContext, 'keys' | 'audit' | 'vault' | 'files' | 'linkMinutes'>;

const Taken = closed(
  {
    file: Type.String({ description: 'the reference for `documents[].file` and `results[].file`' }),
    bytes: Type.Integer(),
    mediaType: Type.String({ description: 'by the content of the file' }),
    scan: oneOf(['clean', 'unscanned']),
  },
  { title: 'TakenFile' },
);
const Link = closed(
  { url: Type.String({ description: 'below the address of the hub' }), expiresAt: Instant },
  { title: 'FileLink' },
);
const Query = closed({
  why: Purpose,
  expires: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: EN['schema.link-expires'] })),
  signature: Type.Optional(Type.String({ maxLength: 200, description: 'a signature, from `url` of a link' })),
});
const OTHER_TYPE = 'application/octet-stream';
const SHOWN_TYPES = [...USUAL_FILE_TYPES, OTHER_TYPE];
const ANYTHING = { '*/*': Type.String({ format: 'binary' }) };

/** Files: pushed before the dossiers that name them, and read by their hash. */
export function addFiles(add: AddRoute, hub: FileContext): void {
  addPush(add, hub);
  addRead(add, hub);
  addLink(add, hub);
}

function addPush(add: AddRoute, hub: FileContext): void {
  const uploads = createUploadSlots();
  add(
    {
      method: 'post',
      path: '/api/v1/parties/{party}/files',
      tag: 'Files',
      summary: 'Push a file, before the dossier that names it',
      description:
        'The body is the file. The hub finds its type by its content. The reference in the reply goes into `documents[].file` or `results[].file` of a dossier. A file that no dossier names within a day is removed. A repeat is harmless. With `Content-Digest` (RFC 9530), the hub compares the SHA-256 of what arrived. ' +
        `A key may push ${UPLOADS_AT_ONCE} files at the same time per process.`,
      scopes: ['dossier:write'],
      headers: { 'Content-Digest': Type.String({ description: CONTENT_DIGEST }) },
      problems: ['not-found', 'too-slow', 'too-large', 'unsupported-media', 'invalid', 'too-often'],
      body: ANYTHING,
      replies: {
        200: { description: 'The party has pushed this file before', schema: Taken },
        201: { description: 'The file is stored', schema: Taken },
      },
    },
    async (c) => {
      note(c, { door: 'files', party: c.req.param('party') ?? '' });
      const key = requireKey(c, hub.keys, 'dossier:write');
      note(c, { keyName: key.id });
      const party = partyOf(c, hub, key);
      const files = filesOf(hub);
      // The form with its boundaries would be stored as the file.
      if (mediaTypeOf(c) === 'multipart/form-data') throw new Refusal('unsupported-media', say('file-in-form'));
      const digest = digestIn(c);
      const taken = await uploads.hold(key.id, () =>
        files.take(inFileTime(bodyChunks(c, files.maxBytes, hub.leaving)), { party, digest }),
      );
      if ('reason' in taken) throw fileRefusal(taken);
      const { reference, bytes, mediaType, scan, isNew } = taken;
      return c.json({ file: reference, bytes, mediaType, scan }, isNew ? 201 : 200);
    },
  );
}

const CONTENT_DIGEST = 'sha-256=: and the digest in base64 and :, as in RFC 9530';

/**
 * The announced SHA-256 in hexadecimal. Other digests are ignored, as RFC 9530 wants.
 *
 * @throws Refusal 400 for a SHA-256 in another form: its sender counts on the comparison
 */
function digestIn(c: Context): string | undefined {
  const [, given] = /(?:^|,)\s*sha-256\s*=([^,]*)/.exec(c.req.header('content-digest') ?? '') ?? [];
  if (given === undefined) return undefined;
  const base64 = /^:([A-Za-z0-9+/]{43}=):/.exec(given)?.[1];
  if (base64 === undefined) throw new Refusal('bad-request', say('content-digest-form', { got: received(given) }));
  return Buffer.from(base64, 'base64').toString('hex');
}

function addRead(add: AddRoute, hub: FileContext): void {
  const readQuery = queryReader(Query);
  add(
    {
      method: 'get',
      path: '/api/v1/files/{hash}',
      tag: 'Files',
      summary: 'A file by its SHA-256',
      description:
        'Needs a key with `index:personal`, or the key of a party that pushed the file or whose dossier names it. The signed address of a link needs none. The audit records each read.',
      scopes: ['index:personal'],
      query: Query,
      replies: {
        200: { description: 'The file', mediaType: SHOWN_TYPES, schema: ANYTHING['*/*'] },
        404: { description: 'No such file for this key, or the signature is not valid' },
        410: { description: 'The address has expired' },
      },
    },
    async (c) => {
      const key = c.req.query('signature') === undefined ? keyOf(c, hub) : undefined;
      const { why, expires = '', signature = '' } = readQuery(c);
      const files = filesOf(hub);
      const sha256 = hashIn(c);
      if (key) await requireFile(key, files, sha256);
      const actor = key?.id ?? actorOfLink(hub, sha256, expires, signature);
      // Hono answers HEAD by GET. Nobody would read its stream.
      if (c.req.method === 'HEAD') return c.body(null, 200, headersOf(await openForReader(files.open, sha256), sha256));
      const file = await openForReader(files.start, sha256);
      const stream = Readable.from(file.read(), { objectMode: false });
      try {
        await hub.audit.write({ actor, action: 'file.read', subject: auditSubject('file', sha256), why });
      } catch (error) {
        stream.destroy();
        throw error;
      }
      return c.body(Readable.toWeb(stream) as ReadableStream<Uint8Array>, 200, headersOf(file, sha256));
    },
  );
}

function addLink(add: AddRoute, hub: FileContext): void {
  add(
    {
      method: 'post',
      path: '/api/v1/files/{hash}/links',
      tag: 'Files',
      summary: 'A signed address of a file, for a program without a key',
      description: 'Works for the time of `files.linkMinutes`, 15 minutes by default. The audit records it.',
      scopes: ['index:personal'],
      problems: ['not-found'],
      replies: { 201: { description: 'The address', schema: Link } },
    },
    async (c) => {
      const key = keyOf(c, hub);
      const files = filesOf(hub);
      const sha256 = hashIn(c);
      await requireFile(key, files, sha256);
      await openForReader(files.open, sha256);
      const untilMs = hub.nowMs() + hub.linkMinutes * 60_000;
      const signature = signatureOf(hub, sha256, String(untilMs), key.id);
      await hub.audit.write({ actor: key.id, action: 'file.link', subject: auditSubject('file', sha256) });
      const url = `/api/v1/files/${sha256}?expires=${untilMs}&signature=${encodeURIComponent(signature)}`;
      return c.json({ url, expiresAt: msToInstant(untilMs) }, 201);
    },
  );
}

/** The id of the key that made the link, in base64url, and the signature. The audit names the key at each read. */
function signatureOf({ vault }: Pick<FileContext, 'vault'>, sha256: string, untilMs: string, keyId: string): string {
  const by = Buffer.from(keyId).toString('base64url');
  const signed = vault.sign('file', `${sha256}\n${untilMs}\n${by}`);
  return `${by}.${signed.slice(signed.lastIndexOf('.') + 1)}`;
}

function actorOfLink(hub: FileContext, sha256: string, untilMs: string, signature: string): string {
  const dot = signature.indexOf('.');
  const by = signature.slice(0, Math.max(dot, 0));
  const text = hub.vault.verify('file', `${sha256}\n${untilMs}\n${by}.${signature.slice(dot + 1)}`);
  if (text === undefined) throw new Refusal('not-found', say('file-link-invalid'));
  if (hub.nowMs() >= Number(untilMs))
    throw new Refusal('expired', say('file-link-expired', { at: msToInstant(Number(untilMs)) }));
  return Buffer.from(by, 'base64url').toString();
}

function keyOf(c: Context, hub: FileContext): KeyEntry {
  const key = requireKey(c, hub.keys);
  requireOneOf(key, 'index:personal', 'dossier:write');
  return key;
}

/** @throws Refusal 404 for a file of another party, as for one that does not exist */
async function requireFile(key: KeyEntry, files: HubFiles, sha256: string): Promise<void> {
  const isOwn = key.party !== undefined && (await files.of(key.party, [sha256])).has(sha256);
  if (!isOwn && !key.scopes.includes('index:personal')) throw noFile(sha256);
}

const noFile = (sha256: string): Refusal =>
  new Refusal('not-found', say('file-missing', { got: received(fileReference(sha256)) }));

function hashIn(c: Context): string {
  const given = c.req.param('hash') ?? '';
  const sha256 = hashOfFile(given) ?? hashOfFile(fileReference(given));
  if (sha256 === undefined) throw new Refusal('not-found', say('file-missing', { got: received(given) }));
  return sha256;
}

async function openForReader(open: HubFiles['open'], sha256: string): Promise<OpenedFile> {
  const file = await open(fileReference(sha256));
  if (!('kind' in file)) return file;
  if (file.reason === 'file-missing') throw noFile(sha256);
  if (file.kind === 'unavailable')
    throw new Refusal('unavailable', file.words ?? file.message, { headers: { 'Retry-After': '60' } });
  throw new Refusal('forbidden', file.words ?? file.message);
}

/** Never shown as a page of the hub, whatever it contains, and stored by no cache. */
function headersOf({ bytes, mediaType }: OpenedFile, sha256: string): Record<string, string> {
  return {
    'Content-Type': USUAL_FILE_TYPES.includes(mediaType) ? mediaType : OTHER_TYPE,
    'Content-Length': String(bytes),
    'Content-Disposition': `attachment; filename="${sha256.slice(0, 16)}"`,
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

/** @throws Refusal 404 if the settings store no files */
function filesOf({ files }: Pick<FileContext, 'files'>): HubFiles {
  if (!files) throw new Refusal('not-found', say('files-off'));
  return files;
}
