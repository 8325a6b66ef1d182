import { type XmlElement, XmlLibError } from 'libxml2-wasm';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';
import { elementsIn } from './elements.ts';

const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
export const WSSE = `${OASIS}-wssecurity-secext-1.0.xsd`;
const WSU = `${OASIS}-wssecurity-utility-1.0.xsd`;
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const PASSWORD_TYPES = `${OASIS}-username-token-profile-1.0#Password`;

export interface UsernameToken {
  readonly username: string;
  readonly password: string;
  readonly isDigest: boolean;
  readonly nonce: string | undefined;
  readonly created: string | undefined;
}

/** The claims of a signature before it is verified. */
export interface SignatureClaim {
  /** The Signature with all namespace declarations in its scope, so that it can be verified alone. */
  readonly xml: string;
  readonly value: string;
  /** DER, in base64. */
  readonly certificate: string;
  readonly bodyId: string;
  readonly timestampId: string | undefined;
  readonly created: string | undefined;
}

export interface Security {
  /** The expiry that the sender set, signed or not. */
  readonly expires: string | undefined;
  readonly token: UsernameToken | undefined;
  readonly signature: SignatureClaim | undefined;
}

/**
 * Reads the WS-Security header without verifying it.
 *
 * @throws Refusal 400 when it is ambiguous, such as two tokens, or an id that two elements have
 */
export function readSecurity(security: XmlElement, body: XmlElement): Security {
  const token = only(security, WSSE, 'UsernameToken');
  const signature = only(security, DSIG, 'Signature');
  const timestamp = only(security, WSU, 'Timestamp');
  return {
    expires: timestamp && only(timestamp, WSU, 'Expires')?.content.trim(),
    token: token && readToken(token),
    signature: signature && readSignature(signature, timestamp, security, body),
  };
}

function only(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const found = elementsIn(parent).filter((one) => one.name === name && one.namespaceUri === namespace);
  if (found.length > 1) throw new Refusal('bad-request', say('more-than-one', { thing: parent.name, name }));
  return found[0];
}

function readToken(token: XmlElement): UsernameToken {
  const password = only(token, WSSE, 'Password');
  const username = only(token, WSSE, 'Username')?.content.trim();
  if (!username || !password) throw new Refusal('unauthorized', say('username-token-incomplete'));
  const type = password.attr('Type')?.value.trim() ?? `${PASSWORD_TYPES}Text`;
  if (type !== `${PASSWORD_TYPES}Text` && type !== `${PASSWORD_TYPES}Digest`)
    throw new Refusal('unauthorized', say('password-type', { got: received(type) }));
  return {
    username,
    // Comments do not count: signers and readers see `secret` in `se<!-- -->cret`.
    password: password.content,
    isDigest: type.endsWith('Digest'),
    nonce: only(token, WSSE, 'Nonce')?.content.trim(),
    created: only(token, WSU, 'Created')?.content.trim(),
  };
}

function readSignature(
  signature: XmlElement,
  timestamp: XmlElement | undefined,
  security: XmlElement,
  body: XmlElement,
): SignatureClaim {
  if (signature.find('//ds:Signature', { ds: DSIG }).length !== 1)
    throw new Refusal('unauthorized', say('more-than-one', { thing: 'Envelope', name: 'Signature' }));
  const bodyId = idOf(body);
  if (bodyId === undefined) throw new Refusal('unauthorized', say('body-without-id'));
  const timestampId = timestamp && idOf(timestamp);
  for (const id of [bodyId, timestampId]) if (id !== undefined) refuseTwins(signature, id);
  return {
    xml: canonical(signature),
    value: only(signature, DSIG, 'SignatureValue')?.content.replaceAll(/\s/g, '') ?? '',
    certificate: certificateOf(signature, security).replaceAll(/\s/g, ''),
    bodyId,
    timestampId,
    created: timestamp && only(timestamp, WSU, 'Created')?.content.trim(),
  };
}

/** A relative URI as a namespace has no canonical form (Canonical XML 1.0, 1.3). */
function canonical(signature: XmlElement): string {
  try {
    return signature.canonicalizeToString();
  } catch (error) {
    if (!(error instanceof XmlLibError) && !/canonicalize/.test((error as Error).message)) throw error;
    throw new Refusal('unauthorized', say('signature-without-canonical-form'));
  }
}

/** The id for WS-Security references. Node-soap writes it without a namespace. */
function idOf(element: XmlElement): string | undefined {
  const ids = element.attrs.filter(({ name }) => name === 'Id');
  return (ids.find((id) => id.namespaceUri === WSU) ?? ids.find((id) => id.namespaceUri === ''))?.value;
}

/** With two elements of one id, one could be signed and the other be read. */
function refuseTwins(anywhere: XmlElement, id: string): void {
  if (!/^[A-Za-z_][\w.-]{0,199}$/.test(id)) throw new Refusal('unauthorized', say('wsu-id', { got: received(id) }));
  if (anywhere.find(`//*[@*[translate(local-name(), 'ID', 'id') = 'id'] = '${id}']`).length !== 1)
    throw new Refusal('unauthorized', say('id-of-several', { got: received(id) }));
}

/** The certificate in the message: in a token that KeyInfo refers to, or in KeyInfo itself. */
function certificateOf(signature: XmlElement, security: XmlElement): string {
  const keyInfo = only(signature, DSIG, 'KeyInfo');
  const reference = keyInfo?.get('wsse:SecurityTokenReference/wsse:Reference/@URI', { wsse: WSSE })?.content;
  const token = elementsIn(security).find(
    (one) => one.name === 'BinarySecurityToken' && one.namespaceUri === WSSE && `#${idOf(one)}` === reference,
  );
  const certificate = token ?? keyInfo?.get('.//ds:X509Data/ds:X509Certificate', { ds: DSIG });
  if (certificate) return certificate.content;
  throw new Refusal('unauthorized', say('signature-without-certificate'));
}
