import type { Context } from 'hono';
import type { Language, Words } from '#messages/message';
import { render } from '#messages/render';
import { inLanguage, languageOf } from '../../language.ts';
import { Refusal, refusalOf } from '../../problem.ts';
import type { DoorContext } from '../door.ts';
import { ENVELOPES, MEDIA_TYPES, type Version } from './versions.ts';
import { HUB_NAMESPACE } from './wsdl.ts';
import { writeElement } from './xml.ts';

/** A refusal with its own fault code in SOAP. */
export class EnvelopeRefusal extends Refusal {
  readonly code: 'VersionMismatch' | 'MustUnderstand';
  constructor(code: EnvelopeRefusal['code'], detail: Words) {
    super('bad-request', detail);
    this.code = code;
  }
}

/**
 * Writes an envelope of this version.
 *
 * Not by node-soap: its server needs 70 µs for a reply (the whole REST door needs little more), writes null as
 * `xsi:nil` without the namespace, and has one fault shape for both versions.
 */
export function writeEnvelope(version: Version, body: string, header = ''): string {
  const head = header && `<soap:Header>${header}</soap:Header>`;
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPES[version]}">${head}<soap:Body>${body}</soap:Body></soap:Envelope>`;
}

/**
 * A refusal as a fault of this version, with its problems in the detail.
 *
 * Errors of the caller are Client (1.2: Sender), retryable errors are Server (Receiver). The status is 500 in
 * SOAP 1.1, 400 or 500 in 1.2, and 401 with a challenge.
 */
function faultResponse(c: Context, version: Version, refusal: Refusal, header?: string): Response {
  const language = languageOf(c);
  const reason = render(refusal.words, language);
  const problems =
    refusal.problems.length > 0 ? inLanguage(language, refusal.problems) : [{ path: '', message: reason }];
  const detail = writeElement(
    'HubFault',
    { problems: problems.map(({ path, message }) => ({ path, message })) },
    ` xmlns="${HUB_NAMESPACE}"`,
  );
  // A caller that has to wait, or to send the same again, has made no error.
  const isOurs = refusal.status >= 500 || refusal.kind === 'too-often' || refusal.kind === 'too-slow';
  const code = refusal instanceof EnvelopeRefusal ? refusal.code : CODES[version][isOurs ? 1 : 0];
  const body = version === '1.1' ? fault11(code, reason, detail) : fault12(code, reason, detail, language);
  return c.body(writeEnvelope(version, body, header), statusOf(version, refusal, isOurs) as 500, {
    'Content-Type': MEDIA_TYPES[version],
    ...refusal.headers,
  });
}

/** Notes an error and returns it as a fault, with the header of the envelope if there is one. */
export async function refuse(
  c: Context,
  hub: Pick<DoorContext, 'noteRefusal'>,
  version: Version,
  error: unknown,
  header?: string,
): Promise<Response> {
  await hub.noteRefusal(c, error);
  return faultResponse(c, version, refusalOf(error), header);
}

const CODES = { '1.1': ['Client', 'Server'], '1.2': ['Sender', 'Receiver'] } as const;

function statusOf(version: Version, refusal: Refusal, isOurs: boolean): number {
  if (refusal.headers['WWW-Authenticate']) return 401;
  return version === '1.1' || isOurs || refusal instanceof EnvelopeRefusal ? 500 : 400;
}

function fault11(code: string, reason: string, detail: string): string {
  return `<soap:Fault><faultcode>soap:${code}</faultcode>${writeElement('faultstring', reason)}<detail>${detail}</detail></soap:Fault>`;
}

function fault12(code: string, reason: string, detail: string, language: Language): string {
  return `<soap:Fault><soap:Code><soap:Value>soap:${code}</soap:Value></soap:Code><soap:Reason>${writeElement('soap:Text', reason, ` xml:lang="${language}"`)}</soap:Reason><soap:Detail>${detail}</soap:Detail></soap:Fault>`;
}
