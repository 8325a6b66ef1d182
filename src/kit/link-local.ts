import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

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
  // An IPv4 address in the form of IPv6 (::ffff:…) is found as well.
  return version !== 0 && REFUSED.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

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
