import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/** Identifies the client of a request, also behind proxies. */
export interface Clients {
  /** The address of the client. Undefined when the request did not come over a socket. */
  addressOf(c: Context): string | undefined;
  /** Whether nobody could read the request: TLS to us or to our own proxy, or a peer on this machine. */
  isPrivate(c: Context): boolean;
  /**
   * The SHA-256 fingerprint (`AB:CD:…`) of the client certificate that a trusted proxy reports.
   *
   * Null when the reported value is not a certificate.
   */
  certificateOf(c: Context): string | null | undefined;
  /** Scheme, host and port as the client addressed them. */
  originOf(c: Context): string;
}

/** Network bytes of one IPv6 household: providers assign a /56 (RIPE-690 4.2). */
const HOUSEHOLD_BYTES = 7;

/** The unit of all rate limits: an IPv4 address, or an IPv6 network of 56 bits. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (plain === undefined) return address;
  const parsed = ipaddr.parse(plain);
  return parsed.kind() === 'ipv4' ? plain : parsed.toByteArray().slice(0, HOUSEHOLD_BYTES).join('.');
}

/**
 * One spelling of an address, however a proxy writes it.
 *
 * Handles a port (`1.2.3.4:5678`, `[2001:db8::1]:443`), IPv4-mapped IPv6, a zone id, upper case and quotes.
 * Undefined for other text.
 */
function plainAddress(written: string): string | undefined {
  const text = written.trim().replace(/^"(.*)"$/, '$1');
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '');
  // Proxies never write other IPv4 forms (`1.2`, `0x7f000001`).
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}

const LOOPBACK = proxyAddr.compile('loopback');
/** Addresses that can only be in our own network. */
const NEAR = proxyAddr.compile(['loopback', 'linklocal', 'uniquelocal']);
/** A sender of one of these headers is a proxy, trusted or not. */
const FORWARDING = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/**
 * Creates the identification of clients.
 *
 * @param proxies addresses and networks (`10.0.0.5`, `10.1.0.0/16`, `loopback`) whose `X-Forwarded-…` headers
 * are trusted; other senders could invent them
 * @param onUnnamed called once for each address of our own networks that forwards requests but is not in
 * `proxies`: all its clients count as one
 * @param certificateHeader the header in which these proxies pass a client's certificate: by RFC 9440
 * (`:base64:`), or as URL-escaped PEM (nginx)
 * @throws TypeError when an entry of `proxies` is neither an address nor a network
 */
export function createClients(
  proxies: readonly string[] = [],
  onUnnamed: (proxy: string) => void = () => {},
  certificateHeader?: string,
): Clients {
  const trusts = proxyAddr.compile([...proxies]);
  const unnamed = new Set<string>();
  const incomingOf = (c: Context) => (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  /** The value of the proxy next to us. Entries of earlier proxies are to its left. */
  const forwarded = (c: Context, header: string): string | undefined => {
    const address = incomingOf(c)?.socket.remoteAddress;
    return address && trusts(address, 0) ? c.req.header(header)?.split(',').at(-1)?.trim() || undefined : undefined;
  };
  return {
    addressOf(c) {
      const incoming = incomingOf(c);
      const peer = incoming?.socket.remoteAddress;
      if (!peer) return undefined;
      if (c.req.header('x-forwarded-for') && NEAR(peer, 0) && !trusts(peer, 0) && !unnamed.has(peer)) {
        unnamed.add(peer);
        onUnnamed(peer);
      }
      return chainOf(incoming, trusts).at(-1);
    },
    isPrivate(c) {
      const incoming = incomingOf(c);
      if (!incoming || (incoming.socket as TLSSocket).encrypted) return true;
      const scheme = forwarded(c, 'x-forwarded-proto');
      if (scheme !== undefined) return scheme.toLowerCase() === 'https';
      // The whole chain counts: a proxy on this machine says nothing about the distance of its client.
      const believed = chainOf(incoming, trusts);
      if (!believed.every((address) => LOOPBACK(address, 0))) return false;
      // Behind an untrusted proxy, the client may be anywhere.
      if (believed.length > 1) return believed.length === forwardedBy(incoming).length + 1;
      return !FORWARDING.some((header) => c.req.header(header) !== undefined);
    },
    certificateOf(c) {
      const given = certificateHeader && forwarded(c, certificateHeader);
      return given ? fingerprintOf(given) : undefined;
    },
    originOf(c) {
      const url = new URL(c.req.url);
      const scheme = forwarded(c, 'x-forwarded-proto') ?? url.protocol.slice(0, -1);
      const host = forwarded(c, 'x-forwarded-host') ?? url.host;
      // The proxy may pass on whatever its client wrote as the host.
      const isHost = /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`);
      return `${/^https$/i.test(scheme) ? 'https' : 'http'}://${isHost ? host : url.host}`;
    },
  };
}

type Trusts = ReturnType<typeof proxyAddr.compile>;

/** The peer, then each address that a trusted proxy forwards for. The last one is the client. */
function chainOf(incoming: IncomingMessage, trusts: Trusts): readonly string[] {
  const chain = [incoming.socket.remoteAddress ?? ''];
  for (const [hop, written] of forwardedBy(incoming).entries()) {
    const address = plainAddress(written);
    // A proxy that names no valid address (`unknown`, invented text) counts as the client itself.
    if (!trusts(chain[hop] as string, hop) || address === undefined) break;
    chain.push(address);
  }
  return chain;
}

/** The entries of `X-Forwarded-For` as written, nearest first. */
function forwardedBy({ headers }: IncomingMessage): readonly string[] {
  const header = headers['x-forwarded-for'];
  return header === undefined ? [] : [header].flat().join(',').split(',').reverse();
}

function fingerprintOf(given: string): string | null {
  try {
    const bytes = /^:([A-Za-z0-9+/=]+):$/.exec(given)?.[1];
    return new X509Certificate(bytes ? Buffer.from(bytes, 'base64') : decodeURIComponent(given)).fingerprint256;
  } catch {
    return null;
  }
}
