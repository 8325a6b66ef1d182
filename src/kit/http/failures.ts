import type { AxiosError } from 'axios';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Exchange } from './exchange.ts';
import { LINK_LOCAL } from './link-local.ts';

/** No partner's server has a link-local address, whatever settings or DNS say. */
export const TO_LINK_LOCAL = {
  kind: 'unreachable',
  reason: 'link-local',
  ...sentenceOf(say('link-local')),
} as const satisfies Exchange;

/** Error codes from before a connection existed: nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);

/**
 * System calls before anything is sent, for errors with any other code: no time left, no file descriptors, a firewall.
 */
const BEFORE_SENDING = new Set(['getaddrinfo', 'connect']);

const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ALERT_(?:UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR)/;
/** Of `EPROTO` only the words of OpenSSL tell the alert. */
const REFUSED_IN_WORDS =
  /EPROTO.*\balert (?:\w+ )*(?:certificate|unknown ca|access denied|handshake failure|decrypt error)\b/;
/** The handshake failed for another reason, such as a partner without TLS at this port. */
const NO_HANDSHAKE =
  /^EPROTO$|^ERR_SSL_.*(?:WRONG_VERSION_NUMBER|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNRECOGNIZED_NAME|INSUFFICIENT_SECURITY|NO_SHARED_CIPHER)$/;
const BEFORE_TLS = /before secure TLS connection was established/;

export function failureOf(error: AxiosError, totalMs: number): Exchange {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? 'error';
  if (code === LINK_LOCAL) return TO_LINK_LOCAL;
  const isRefused = REFUSED_IN_WORDS.test(error.message);
  const isCut = NO_HANDSHAKE.test(code) || BEFORE_TLS.test(error.message);
  if (!isRefused && (isCut || NOT_CONNECTED.has(code) || BEFORE_SENDING.has(syscallOf(error))))
    return { kind: 'unreachable', reason: code.toLowerCase(), ...sentenceOf(say('no-connection', { code })) };
  if (isRefused || CERTIFICATE.test(code)) {
    // A TLS alert comes from the partner: it rejects our certificate before it has read anything.
    const what = isRefused || /ALERT/.test(code) ? 'certificate-refused' : 'certificate-untrusted';
    return { kind: 'unreachable', reason: 'certificate', ...sentenceOf(say(what, { code })) };
  }
  if (code === 'ECONNABORTED' || code === 'ERR_CANCELED' || code === 'ETIMEDOUT')
    return {
      kind: 'lost',
      reason: 'timeout',
      ...sentenceOf(say('no-answer-in-time', { seconds: Math.round(totalMs / 1000) })),
    };
  if (code === 'ERR_BAD_RESPONSE' && /maxContentLength/.test(error.message))
    return { kind: 'lost', reason: 'reply-too-large', ...sentenceOf(say('reply-too-large')) };
  return { kind: 'lost', reason: 'broken', ...sentenceOf(say('connection-broke', { code })) };
}

/**
 * The system call of an error. axios keeps it in the cause only. For several tried addresses it is the same for each.
 */
function syscallOf({ cause }: AxiosError): string {
  const { syscall, errors } = (cause ?? {}) as { syscall?: string; errors?: readonly { syscall?: string }[] };
  return syscall ?? errors?.[0]?.syscall ?? '';
}
