import type { ISecurity } from 'soap';
import { pemOf } from '../http/tls.ts';
import { loadNodeSoap } from './node-soap.ts';

/** How a call authenticates. */
export type SoapSecurity =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** WS-Security UsernameToken with a timestamp. The digest form has a nonce. */
  | {
      readonly kind: 'username-token';
      readonly username: string;
      readonly password: string;
      readonly form: 'text' | 'digest';
    }
  /** WS-Security X.509: body and timestamp are signed. PEM texts, or paths of PEM files. */
  | { readonly kind: 'x509'; readonly privateKey: string; readonly certificate: string; readonly passphrase?: string };

/** Creates the security header. Each call needs a new one, because signatures and nonces are for one message. */
export async function securityOf(security: SoapSecurity): Promise<ISecurity> {
  const { BasicAuthSecurity, WSSecurity, WSSecurityCert } = await loadNodeSoap();
  switch (security.kind) {
    case 'basic':
      return new BasicAuthSecurity(security.username, security.password);
    case 'username-token':
      return new WSSecurity(security.username, security.password, {
        passwordType: security.form === 'digest' ? 'PasswordDigest' : 'PasswordText',
        hasTimeStamp: true,
        hasTokenCreated: true,
        hasNonce: true,
      });
    case 'x509':
      return new WSSecurityCert(pemOf(security.privateKey), pemOf(security.certificate), security.passphrase ?? '', {
        hasTimeStamp: true,
        signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
      });
  }
}

/** The secrets, to hide in records of calls. */
export function secretsOfSecurity(security: SoapSecurity | undefined): readonly string[] {
  if (!security) return [];
  if (security.kind === 'x509') return [security.privateKey, ...(security.passphrase ? [security.passphrase] : [])];
  return [security.password];
}
