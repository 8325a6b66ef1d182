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

/** Whom an address is counted as: of IPv6 everybody is given a network of 64 bits, and may be any address of it. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
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
  const told = (c: Context, header: string): string | undefined => {
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
      return proxyAddr(incoming, trusts);
    },
    isPrivate(c) {
      const incoming = incomingOf(c);
      if (!incoming || (incoming.socket as TLSSocket).encrypted) return true;
      const scheme = told(c, 'x-forwarded-proto');
      if (scheme !== undefined) return scheme.toLowerCase() === 'https';
      // All on the way: a proxy on this machine says nothing of how far the client is that it speaks for.
      const believed = proxyAddr.all(incoming, trusts);
      if (!believed.every((address) => LOOPBACK(address, 0))) return false;
      // Where somebody is not believed, whoever it spoke for may be anywhere.
      if (believed.length > 1) return believed.length === proxyAddr.all(incoming).length;
      return !FORWARDING.some((header) => c.req.header(header) !== undefined);
    },
    certificateOf(c) {
      const given = certificateHeader && told(c, certificateHeader);
      return given ? fingerprintOf(given) : undefined;
    },
    originOf(c) {
      const url = new URL(c.req.url);
      const scheme = told(c, 'x-forwarded-proto') ?? url.protocol.slice(0, -1);
      const host = told(c, 'x-forwarded-host') ?? url.host;
      return `${/^https$/i.test(scheme) ? 'https' : 'http'}://${/^[\w.:[\]-]+$/.test(host) ? host : url.host}`;
    },
  };
}

function fingerprintOf(given: string): string | null {
  try {
    const bytes = /^:([A-Za-z0-9+/=]+):$/.exec(given)?.[1];
    return new X509Certificate(bytes ? Buffer.from(bytes, 'base64') : decodeURIComponent(given)).fingerprint256;
  } catch {
    return null;
  }
}
