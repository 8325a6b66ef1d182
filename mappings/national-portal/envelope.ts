import { fold } from '#core/vietnamese/text';
import { say, type Words } from '#messages/message';
import { REPLY_PATTERNS, type ReplyPattern } from './codes.ts';

/** The portal's reply without its wrapping. */
export type Reply =
  | { readonly kind: 'ok'; readonly result: readonly unknown[]; readonly raw: Readonly<Record<string, unknown>> }
  | PortalError
  /** Not from the portal: a proxy's page, half an answer, an empty object. It never counts as success. */
  | { readonly kind: 'not-a-reply'; readonly why: Words };

export interface PortalError {
  readonly kind: 'error';
  readonly code: string;
  readonly message: string;
  /** The portal's answers for single items, if it gives any. See verdictsOf. */
  readonly result?: readonly unknown[] | undefined;
}

/** Gateways wrap replies in replies. No known system has more layers. */
const MOST_LAYERS = 3;

/**
 * Parses a reply. `error_code` 0, "0" and "00" mean success. `result` may be an array, one object, or absent. A
 * `message` that is a JSON document in a string, as gateways send it, is unwrapped.
 *
 * @param body bytes are read as UTF-8, whatever the headers say; a byte order mark is left out
 */
export function parseReply(body: Uint8Array | string): Reply {
  const text = typeof body === 'string' ? body.replace(/^\uFEFF/, '') : UTF_8.decode(body);
  if (text.trim() === '') return notAReply(say('an-empty-answer'));
  if (text.trimStart().startsWith('<')) return notAReply(say('a-page'));
  const value = parseObject(text);
  if (!value) return notAReply(say('half-an-object'));
  return readLayer(value, 0);
}

const UTF_8 = new TextDecoder('utf-8');

type Layer = Readonly<Record<string, unknown>>;

function readLayer(layer: Layer, depth: number): Reply {
  const inner = typeof layer.message === 'string' ? innerOf(layer.message) : undefined;
  if (!inner) return readPlain(layer);
  if (depth === MOST_LAYERS) return notAReply(say('wrapped-too-deep', { count: MOST_LAYERS }));
  const { message: _wrapped, ...outer } = layer;
  const reply = readLayer({ ...outer, ...inner }, depth + 1);
  const outerCode = codeIn(layer);
  if (reply.kind === 'ok' && outerCode !== undefined && !isSuccess(outerCode))
    return notAReply(say('gateway-error', { code: outerCode }));
  return reply;
}

/** A message that is itself a reply. Other JSON in a message is the portal's own text. */
function innerOf(message: string): Layer | undefined {
  if (!message.trimStart().startsWith('{')) return undefined;
  const inner = parseObject(message);
  return inner && ['error_code', 'result', 'message'].some((member) => member in inner) ? inner : undefined;
}

function readPlain(layer: Layer): Reply {
  const code = codeIn(layer);
  if (code === undefined) return notAReply(say('no-error-code'));
  const result = listOf(layer.result);
  if (isSuccess(code)) return { kind: 'ok', result, raw: layer };
  return { kind: 'error', code, message: messageText(layer.message), result: result.length > 0 ? result : undefined };
}

/** The text of a message. Some gateways send an object, which stays readable as JSON. */
export function messageText(message: unknown): string {
  if (typeof message === 'string') return message.trim();
  return message === undefined || message === null ? '' : JSON.stringify(message);
}

function listOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result;
  return result === undefined || result === null || result === '' ? [] : [result];
}

function codeIn(layer: Layer): string | undefined {
  const code = layer.error_code;
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  return String(code).trim() || undefined;
}

/** Whether a code is zero: `0`, `00` and so on. */
export function isSuccess(code: string): boolean {
  return /^0+$/.test(code);
}

function parseObject(text: string): Layer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Layer) : undefined;
  } catch {
    return undefined;
  }
}

function notAReply(why: Words): Reply {
  return { kind: 'not-a-reply', why };
}

/** The portal has the dossier of a create already. It must be sent again as an update. */
export function isAlreadyThere(error: PortalError): boolean {
  const { alreadyThere } = REPLY_PATTERNS;
  return alreadyThere.codes.includes(error.code) && speaksOf(error, alreadyThere);
}

/**
 * The session has ended or never existed. A new login is needed. Portals quote what they receive, so quoted words and
 * sent texts do not count.
 *
 * @param sent the body of the call
 */
export function isSessionError(
  error: PortalError,
  ended: ReplyPattern = REPLY_PATTERNS.session,
  sent: unknown = undefined,
): boolean {
  let message = fold(error.message).replace(QUOTED, ' ');
  for (const text of textsIn(sent)) if (text.length >= 4) message = message.replaceAll(fold(text), ' ');
  return fits({ ...error, message: message.replace(/\s+/g, ' ') }, ended);
}

/** A quoted text, but not the words between two apostrophes within words. */
const QUOTED = /(?<!\w)'[^']*'(?!\w)|"[^"]*"|“[^”]*”|‘[^’]*’|«[^»]*»/g;

/** The longest first, so that no rest of one stays. */
function textsIn(value: unknown): readonly string[] {
  const texts: string[] = [];
  const collect = (one: unknown): void => {
    if (typeof one === 'string') texts.push(one.trim());
    else if (typeof one === 'object' && one !== null) Object.values(one).forEach(collect);
  };
  collect(value);
  return texts.sort((a, b) => b.length - a.length);
}

/** The portal does not have the dossier. */
export function isDossierUnknown(error: PortalError): boolean {
  return fits(error, REPLY_PATTERNS.dossierUnknown);
}

/** Asked for the answers to a question, the portal says that it has no answer. */
export function meansNoAnswer(error: PortalError): boolean {
  return fits(error, REPLY_PATTERNS.noAnswer);
}

/** The portal itself says that a later attempt may succeed. */
export function isTemporary(error: PortalError): boolean {
  return fits(error, REPLY_PATTERNS.temporary);
}

function fits(error: PortalError, pattern: ReplyPattern): boolean {
  return pattern.codes.includes(error.code) || speaksOf(error, pattern);
}

function speaksOf({ message }: PortalError, { texts, subject }: ReplyPattern): boolean {
  const folded = fold(message);
  if (texts.some((text) => folded.includes(fold(text)))) return true;
  return subject !== undefined && clausesOf(folded).some((clause) => isAbout(clause, subject));
}

/** Without codes, whose points and hyphens would end a clause. */
function clausesOf(folded: string): readonly string[] {
  return folded.replace(/\S*\d\S*/g, ' ').split(/[.;,!]/);
}

function isAbout(clause: string, { is, isNot, texts }: NonNullable<ReplyPattern['subject']>): boolean {
  return texts.some((text) => {
    const at = clause.indexOf(fold(text));
    const before = at < 0 ? '' : clause.slice(0, at);
    return before.includes(fold(is)) && !isNot.some((part) => before.includes(fold(part)));
  });
}
