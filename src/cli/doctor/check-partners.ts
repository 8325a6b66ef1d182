import net from 'node:net';
import tls from 'node:tls';
import { DAY_MS } from '#core/dates/dates';
import type { HubFile } from '../../config/config.ts';
import { lookUpName } from '../../kit/http/link-local.ts';
import { createTls, type TlsGiven } from '../../kit/http/tls.ts';
import { type Finding, findingsOf, type Level } from './finding.ts';

const finding = findingsOf('partners');
const WAIT_MS = 5_000;

/** Checks that each address in the parties' settings answers, and how long its certificate is valid. Sends no request. */
export async function checkPartners(file: HubFile, nowMs: () => number): Promise<readonly Finding[]> {
  const parties = Object.entries(file.parties ?? {});
  const origins = parties.flatMap(([party, { settings, tls: given }]) =>
    [...new Set(originsIn(settings))].map((origin) => ({ party, origin, given })),
  );
  if (origins.length === 0) return [finding('info', `${parties.length} parties, none with an address`)];
  return (
    await Promise.all(origins.map(({ party, origin, given }) => checkOrigin(party, new URL(origin), given, nowMs)))
  ).flat();
}

/** Members whose addresses the hub never calls: names of actions, where a citizen's browser returns to, and sent values. */
const NOT_CALLED = ['soapAction', 'returnUrl', 'value'];

/** All addresses in the settings, at any depth. */
function originsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return /^https?:\/\//.test(value) && URL.canParse(value) ? [new URL(value).origin] : [];
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, member]) => (NOT_CALLED.includes(name) ? [] : originsIn(member)))
    : [];
}

async function checkOrigin(
  party: string,
  url: URL,
  given: TlsGiven | undefined,
  nowMs: () => number,
): Promise<readonly Finding[]> {
  const isTls = url.protocol === 'https:';
  const name = `${party}: ${url.origin}`;
  try {
    const seen = await look(url, isTls, given);
    return [
      finding('ok', `${name} answers; a login is not tried here, see lienthong adapter try ${party}`),
      ...(seen ? [certificateFinding(name, seen, nowMs())] : []),
    ];
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return [
      finding(
        'fail',
        `${name} does not answer: ${message || code}`,
        'is the address right, the network open (VPN, firewall), the partner up?',
      ),
    ];
  }
}

export interface Certificate {
  readonly validTo: string;
  /** Why a client that verifies the certificate would refuse it. */
  readonly error: string | undefined;
}

function look(url: URL, isTls: boolean, given: TlsGiven | undefined): Promise<Certificate | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (isTls ? 443 : 80);
  return new Promise((resolve, reject) => {
    const to = { host, port, lookup: lookUpName };
    const servername = net.isIP(host) ? '' : host;
    const material = given && createTls(given)();
    // Reports a bad certificate instead of failing on it; nothing is sent over the connection.
    const socket = isTls
      ? tls.connect({ ...material, ...to, servername, rejectUnauthorized: false }, connected)
      : net.connect(to, connected);
    socket.setTimeout(WAIT_MS, () => socket.destroy(new Error(`no answer within ${WAIT_MS / 1000} s`)));
    socket.once('error', reject);
    function connected(): void {
      resolve(socket instanceof tls.TLSSocket ? certificateOf(socket, host) : undefined);
      socket.destroy();
    }
  });
}

function certificateOf(socket: tls.TLSSocket, host: string): Certificate {
  const certificate = socket.getPeerCertificate();
  const wrongName = tls.checkServerIdentity(host, certificate);
  const error = (socket.authorizationError as unknown as string | null) ?? wrongName?.message;
  return { validTo: certificate.valid_to, error: error ? String(error) : undefined };
}

/** Warns 30 days before the end, and more urgently 15 and 7 days before. */
export function certificateFinding(name: string, { validTo, error }: Certificate, nowMs: number): Finding {
  const days = Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
  const until = `until ${new Date(Date.parse(validTo)).toISOString().slice(0, 10)}`;
  if (days < 0)
    return finding('fail', `${name}: its certificate expired, it was good ${until}`, 'the partner has to renew it');
  if (error !== undefined)
    return finding(
      'fail',
      `${name}: its certificate is refused: ${error}`,
      "is it the right host, and does the party's tls.ca, or NODE_EXTRA_CA_CERTS, name its authority?",
    );
  const level: Level = days <= 30 ? 'warn' : 'ok';
  const urgency = days <= 7 ? 'at once' : days <= 15 ? 'this week' : 'in time';
  const text = `${name}: its certificate is good ${until}, ${days} days`;
  return level === 'ok' ? finding(level, text) : finding(level, text, `ask the partner to renew it ${urgency}`);
}
