import { BasicAuthSecurity, createClientAsync, WSSecurity, WSSecurityCert } from 'soap';
import { describe, expect, test } from 'vitest';
import { clientFile as client, describeForeign, interopHub, SECRET, VERSION } from './foreign-clients.ts';

describe('clients that read the WSDL as they run', () => {
  const hub = interopHub();
  describeForeign(
    [
      {
        name: 'zeep (Python)',
        versions: ['1.1', '1.2'],
        needs: ['/usr/bin/python3', '-c', 'import zeep'],
        packages: 'python3-zeep',
        run: ['/usr/bin/python3', client('zeep_client.py')],
      },
      {
        name: 'SoapClient (PHP)',
        versions: ['1.1', '1.2'],
        needs: ['php', '-r', 'exit(class_exists("SoapClient") ? 0 : 1);'],
        packages: 'php-cli php-soap',
        run: ['php', client('php-client.php')],
      },
      {
        name: 'SOAP::Lite (Perl)',
        versions: ['1.1'],
        needs: ['perl', '-MSOAP::Lite', '-e', '1'],
        packages: 'libsoap-lite-perl',
        run: ['perl', client('soap-lite.pl')],
      },
    ],
    hub,
  );

  test.each([
    ['HTTP Basic', () => new BasicAuthSecurity('one-stop', SECRET)],
    ['a password text', () => new WSSecurity('one-stop', SECRET, { passwordType: 'PasswordText' })],
    ['a digest', () => new WSSecurity('one-stop', SECRET, { passwordType: 'PasswordDigest' })],
    [
      'a signature',
      () =>
        new WSSecurityCert(hub.signer.key, hub.signer.certificate, '', {
          hasTimeStamp: true,
          signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
          digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
        } as never),
    ],
  ])('node-soap opens the door by %s, in both versions', async (_, security) => {
    for (const forceSoap12Headers of [false, true]) {
      const made = await createClientAsync(hub.wsdl, { forceSoap12Headers, disableCache: true });
      made.setSecurity(security());
      const [pong] = await made.PingAsync({});
      expect(pong.version).toBe(VERSION);
    }
  });
});
