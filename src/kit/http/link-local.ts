import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Link-local addresses: where a cloud's machines fetch their credentials (169.254.169.254, and others of Alibaba,
 * Azure, Oracle). No partner's server is there. Loopback and private networks stay allowed, because a province's
 * systems are there.
 */
const IPV4 = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const;
/** Metadata services on IPv6: Amazon, Google, Scaleway. */
const IPV6 = ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'];
/** Prefixes with which a gateway embeds an IPv4 address in an IPv6 address: NAT64, translated, IPv4-compatible. */
const BEFORE_IPV4 = ['64:ff9b::', '64:ff9b:1::', '64:ff9b:1:ffff::', '::ffff:0:', '::'];

const REFUSED = new BlockList();
REFUSED.addSubnet('fe80::', 10, 'ipv6');
for (const address of IPV6) REFUSED.addAddress(address, 'ipv6');
for (const [address, bits] of IPV4) {
  REFUSED.addSubnet(address, bits, 'ipv4');
  for (const before of BEFORE_IPV4) REFUSED.addSubnet(`${before}${address}`, 96 + bits, 'ipv6');
  // 6to4.
  REFUSED.addSubnet(`2002:${inHexadecimal(address)}::`, 16 + bits, 'ipv6');
}

function inHexadecimal(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex').replace(/^..../, '$&:');
}

/** Whether a host, as `URL` writes it, is a link-local address or a metadata service. A name is neither. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 4) return REFUSED.check(address, 'ipv4');
  // IPv4-mapped addresses (::ffff:…) match as well.
  return version === 6 && (REFUSED.check(address, 'ipv6') || carried(address).some((ipv4) => REFUSED.check(ipv4)));
}

/**
 * Byte positions of an IPv4 address behind a NAT64 prefix of 32 to 64 bits, around the reserved byte (RFC 6052, 2.2).
 */
const NAT64_BYTES = [
  [4, 5, 6, 7],
  [5, 6, 7, 9],
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
] as const;
const RESERVED_BYTE = 8;

/**
 * The IPv4 addresses that an IPv6 address may carry to a gateway: by NAT64 with the network's own prefix, Teredo (RFC
 * 4380) or ISATAP (RFC 5214). A 96-bit prefix may be any server's, so there only exact metadata addresses count.
 */
function carried(address: string): readonly string[] {
  const bytes = ipaddr.parse(address.replace(/%.*$/, '')).toByteArray();
  const ipv4At = (places: readonly number[]): string => places.map((at) => bytes[at]).join('.');
  const last = ipv4At([12, 13, 14, 15]);
  const found = METADATA.includes(last) ? [last] : [];
  for (const places of NAT64_BYTES)
    if (bytes[RESERVED_BYTE] === 0 && bytes.slice((places.at(-1) as number) + 1).every((byte) => byte === 0))
      found.push(ipv4At(places));
  if (bytes.slice(0, 4).join('.') === '32.1.0.0')
    found.push(
      ipv4At([4, 5, 6, 7]),
      bytes
        .slice(12)
        .map((byte) => byte ^ 0xff)
        .join('.'),
    );
  if (bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) found.push(last);
  return found;
}

/**
 * Metadata services of Amazon, Google, Azure and Oracle (the first), of Amazon's containers, Alibaba, Azure and Oracle.
 */
const METADATA = ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192'];

/** The error code if a name resolves to link-local addresses only. */
export const LINK_LOCAL = 'ELINKLOCAL';

type Told = Parameters<LookupFunction>[2];

/**
 * Callers by running look-up. If a name server does not answer, a look-up blocks one of two threads for ten seconds or
 * more. Shared, one partner's calls cannot delay all other look-ups for minutes.
 */
const waiting = new Map<string, Told[]>();

/** The system's look-up without link-local addresses, because the owner of a name may point it anywhere. */
export const lookUpName: LookupFunction = (host, options, done) => {
  const key = `${host} ${JSON.stringify(options)}`;
  const others = waiting.get(key);
  if (others) {
    others.push(done);
    return;
  }
  const all = [done];
  waiting.set(key, all);
  dns.lookup(host, options, (error, found, family) => {
    waiting.delete(key);
    for (const each of all) tell(each, host, error, found, family);
  });
};

function tell(done: Told, host: string, ...[error, found, family]: Parameters<Told>): void {
  if (error) done(error, found, family);
  else if (Array.isArray(found)) {
    const left = found.filter(({ address }) => !isLinkLocal(address));
    if (left.length > 0) done(null, left);
    else done(refused(host), []);
  } else if (isLinkLocal(found)) done(refused(host), '');
  else done(null, found, family);
}

function refused(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} is a link-local address`), { code: LINK_LOCAL });
}
