import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Where machines of a cloud ask for their own credentials (169.254.169.254, fd00:ec2::254), and whatever else is there
 * without being anybody's server. Loopback and private networks are where a province's systems are.
 */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addAddress('fd00:ec2::254', 'ipv6');
/** 169.254.0.0/16 as a gateway takes it out of an address of IPv6: NAT64, 6to4, translated, compatible with IPv4. */
REFUSED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
REFUSED.addSubnet('64:ff9b:1::a9fe:0', 112, 'ipv6');
REFUSED.addSubnet('2002:a9fe::', 32, 'ipv6');
REFUSED.addSubnet('::ffff:0:a9fe:0', 112, 'ipv6');
REFUSED.addSubnet('::a9fe:0', 112, 'ipv6');

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
