import type { Context } from 'hono';
import { say } from '#messages/message';
import type { DroppedFile } from '../kit/drops.ts';
import type { Load } from './bodies.ts';
import { mediaTypeOf, readBody } from './body.ts';
import { Refusal } from './problem.ts';

/** An uploaded file, and the other fields of its form. */
export interface Upload extends DroppedFile {
  readonly fields: ReadonlyMap<string, string>;
}

/** Longer names are no names. */
const LONGEST_NAME = 200;
/** Of a form. A page of the hub sends fewer than ten. */
const MOST_PARTS = 100;

/**
 * Reads a file from a request: the body with its name in Content-Disposition (RFC 6266), or the one file of a form.
 *
 * @throws Refusal 400 without a name or with another number of files; otherwise as readBody
 */
export async function readUpload(c: Context, maxBytes: number, load: Load): Promise<Upload> {
  const body = await readBody(c, maxBytes, { load });
  if (mediaTypeOf(c) === 'multipart/form-data') return fileOfForm(body, c.req.header('content-type') ?? '');
  return { name: cleanName(nameIn(c.req.header('content-disposition') ?? '')), bytes: body, fields: new Map() };
}

async function fileOfForm(body: Buffer, contentType: string): Promise<Upload> {
  const form = await formIn(body, contentType);
  // A browser sends a file field without a file as an empty file without a name.
  const files = [...form.values()].filter((value) => typeof value !== 'string').filter(({ name }) => name !== '');
  const [file] = files;
  if (!file || files.length > 1) throw new Refusal('bad-request', say('form-files', { count: files.length }));
  const fields = new Map([...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  return { name: cleanName(file.name), bytes: new Uint8Array(await file.arrayBuffer()), fields };
}

async function formIn(body: Buffer, contentType: string): Promise<FormData> {
  if (hasTooManyParts(body, contentType)) throw new Refusal('bad-request', say('form-parts', { most: MOST_PARTS }));
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'Content-Type': contentType } }).formData();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal('bad-request', say('form-unreadable'));
  }
}

/** Read at once, 10 MiB of empty parts hold the process for a second. */
function hasTooManyParts(body: Buffer, contentType: string): boolean {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]*)"|([^;\s]+))/i.exec(contentType) ?? [];
  const mark = `\r\n--${quoted ?? token ?? ''}`;
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0 && count <= MOST_PARTS; at = body.indexOf(mark, at + mark.length)) count++;
  return count > MOST_PARTS;
}

/** `filename*` takes precedence (RFC 6266 4.3). It has UTF-8, percent-encoded. */
function nameIn(disposition: string): string {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) return decoded(extended);
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}

/** Without the folders that some browsers send. @throws Refusal 400 if nothing is left */
function cleanName(given: string): string {
  const name = given
    .replace(/^.*[\\/]/s, '')
    .replace(/\p{Cc}/gu, '')
    .normalize('NFC')
    .trim();
  if (name === '' || name.length > LONGEST_NAME)
    throw new Refusal('bad-request', say('drop-name', { most: LONGEST_NAME }));
  return name;
}

/** The header that names a file, for any client (RFC 6266). */
export function attachment(name: string): string {
  const plain = name.replace(/[^\w.-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/[!'()*]/g, encodedMark)}`;
}

const encodedMark = (mark: string): string => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
