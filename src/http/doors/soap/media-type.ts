import { say } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';
import type { Version } from './versions.ts';

/** The Content-Type of a SOAP message. */
export interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** The assumed version for faults about unreadable messages. The envelope's own version wins. */
  readonly version: Version;
}

/**
 * Reads a Content-Type.
 *
 * @throws Refusal 415 when it is not SOAP 1.1, SOAP 1.2 or MTOM
 */
export function readMediaType(header: string | undefined): MediaType {
  // Cached: a client sends the same value each time, and one request reads it three times.
  if (header !== undefined && header === last.header) return last.read;
  const read = readAnew(header);
  if (header !== undefined) last = { header, read };
  return read;
}

let last: { readonly header: string; readonly read: MediaType } | { readonly header: undefined } = {
  header: undefined,
};

function readAnew(header: string | undefined): MediaType {
  const [media = ''] = (header ?? '').split(';', 1).map((text) => text.trim().toLowerCase());
  const parameters = parametersOf(header ?? '');
  // MTOM names the type of the wrapped message: SOAP 1.2 in start-info, 1.1 in start-info or type.
  const inner = media === 'multipart/related' ? `${parameters.get('start-info')} ${parameters.get('type')}` : media;
  if (inner.includes('application/soap+xml')) return { type: media, parameters, version: '1.2' };
  if (/text\/xml|application\/(?:xml|xop\+xml)/.test(inner)) return { type: media, parameters, version: '1.1' };
  throw new Refusal(
    'unsupported-media',
    say('media-type', {
      got: received(media),
      expected: 'text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2), multipart/related (MTOM)',
    }),
  );
}

function parametersOf(header: string): ReadonlyMap<string, string> {
  const found = header.matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))/g);
  return new Map(
    [...found].map(([, name = '', quoted, plain]) => [
      name.toLowerCase(),
      quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
    ]),
  );
}
