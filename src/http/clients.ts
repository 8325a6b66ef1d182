import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/** Who is at the other end, where proxies stand between. */
export interface Clients {
  /** The address of the client; undefined where a request came over no socket. */
  addressOf(c: Context): string | undefined;
  /** Whether nobody between can have read what it sent: TLS, to us or to a proxy that is ours, or a peer on this machine. */
  isPrivate(c: Context): boolean;
  /**
   * The SHA-256 fingerprint (`AB:CD:…`) of the certificate that the client has shown to a proxy that is ours; null where
   * what the proxy tells is none.
   */
  certificateOf(c: Context): string | null | undefined;
  /** Scheme, host and port as the client addressed them. */
  originOf(c: Context): string;
}

/** Bytes of the network of one IPv6 household: providers assign a /56 (RIPE-690, 4.2). */
const HOUSEHOLD_BYTES = 7;

/** The client that all limits count an address as: an IPv4 address, or an IPv6 network of 56 bits. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (plain === undefined) return address;
  const parsed = ipaddr.parse(plain);
  return parsed.kind() === 'ipv4' ? plain : parsed.toByteArray().slice(0, HOUSEHOLD_BYTES).join('.');
}

/**
 * One spelling of an address, however a proxy writes it: with a port (`1.2.3.4:5678`, `[2001:db8::1]:443`), as IPv4-mapped
 * IPv6, with a zone id, in upper case, quoted. Undefined for a text that is no address.
 */
function plainAddress(written: string): string | undefined {
  const text = written.trim().replace(/^"(.*)"$/, '$1');
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '');
  // Other forms (`1.2`, `0x7f000001`) are no addresses that a proxy writes.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}

const LOOPBACK = proxyAddr.compile('loopback');
/** Those that can only be ours. */
const NEAR = proxyAddr.compile(['loopback', 'linklocal', 'uniquelocal']);
/** Whoever sends one of these speaks for somebody else, believed or not. */
const FORWARDING = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/**
 * @param proxies addresses and networks (`10.0.0.5`, `10.1.0.0/16`, `loopback`) whose `X-Forwarded-…` headers are believed;
 *   from anybody else they are what the client made up
 * @param onUnnamed told once of each address of our own networks that forwards requests and is none of these: all who
 *   come by it are taken for one
 * @param certificateHeader in which those proxies tell a client's certificate: as RFC 9440 has it (`:base64:`), or as PEM that
 *   is escaped as in an address (nginx)
 * @throws TypeError when one is neither
 */
export function createClients(
  proxies: readonly string[] = [],
  onUnnamed: (proxy: string) => void = () => {},
  certificateHeader?: string,
): Clients {
  const trusts = proxyAddr.compile([...proxies]);
  const unnamed = new Set<string>();
  const incomingOf = (c: Context) => (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  /** What the proxy next to us says; proxies before it may have said something too, to the left. */
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
      // All on the way: a proxy on this machine says nothing of how far the client is that it speaks for.
      const believed = chainOf(incoming, trusts);
      if (!believed.every((address) => LOOPBACK(address, 0))) return false;
      // Where somebody is not believed, whoever it spoke for may be anywhere.
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
      return `${/^https$/i.test(scheme) ? 'https' : 'http'}://${/^[\w.:[\]-]+$/.test(host) ? host : url.host}`;
    },
  };
}

type Trusts = ReturnType<typeof proxyAddr.compile>;

/** The peer, then each address that a trusted proxy forwards for: the last one is the client. */
function chainOf(incoming: IncomingMessage, trusts: Trusts): readonly string[] {
  const chain = [incoming.socket.remoteAddress ?? ''];
  for (const [hop, written] of forwardedBy(incoming).entries()) {
    const address = plainAddress(written);
    // A proxy that names no address (`unknown`, a made-up text) speaks for itself.
    if (!trusts(chain[hop] as string, hop) || address === undefined) break;
    chain.push(address);
  }
  return chain;
}

/** The entries of `X-Forwarded-For` as they are written, the nearest first. */
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
