import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Where machines of a cloud ask for their own credentials (169.254.169.254; Alibaba's, Azure's and Oracle's own address),
 * and whatever else is there without being anybody's server. Loopback and private networks are where a province's systems are.
 */
const IPV4 = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const;
/** The same by IPv6: of Amazon, Google and Scaleway. */
const IPV6 = ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'];
/** How a gateway takes an address of IPv4 out of one of IPv6: NAT64, translated, compatible with IPv4. */
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

/** Whether a host, as `URL` writes it, is a link-local address or one of a cloud's metadata; a name is not. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 4) return REFUSED.check(address, 'ipv4');
  // An IPv4 address in the form of IPv6 (::ffff:…) is found as well.
  return version === 6 && (REFUSED.check(address, 'ipv6') || carried(address).some((ipv4) => REFUSED.check(ipv4)));
}

/** Where an IPv4 address lies behind a NAT64 prefix of 32 to 64 bits: its bytes, around the reserved one (RFC 6052, 2.2). */
const NAT64_BYTES = [
  [4, 5, 6, 7],
  [5, 6, 7, 9],
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
] as const;
const RESERVED_BYTE = 8;

/**
 * The IPv4 addresses that an IPv6 address carries to a gateway: by NAT64 with a prefix of the network's own, Teredo (RFC 4380)
 * or ISATAP (RFC 5214). A prefix of 96 bits may be anybody's; there only the very addresses of metadata services count.
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

/** Asked for by machines of Amazon, Google, Azure and Oracle (also Amazon's containers), Alibaba, Azure and Oracle. */
const METADATA = ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192'];

/** The code of the error, where nothing else is left of what a name stands for. */
export const LINK_LOCAL = 'ELINKLOCAL';

type Told = Parameters<LookupFunction>[2];

/**
 * Who waits for the look-ups that are under way. Of a name whose server answers nothing each takes ten seconds or more and one
 * of two threads: were they not shared, a partner's calls would hold up whatever else is looked up, for minutes.
 */
const waiting = new Map<string, Told[]>();

/** The system's look-up of a name, without addresses that are link-local: whoever owns a name may point it anywhere. */
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
