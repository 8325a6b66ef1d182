import { X509Certificate } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { passwordDigest } from 'soap';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { createNonces } from '../../src/ledger/nonces.ts';
import { type TestCertificate, testCertificate } from '../support/certificate.ts';
import { inDepth, test } from '../support/depth.ts';
import { dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import {
  dossierXml,
  englishIn,
  envelope,
  PASSWORD,
  pushXml,
  type SoapReply,
  sendSoap,
  VIETNAMESE,
  WSSE,
  WSU,
} from '../support/soap.ts';
import { MORNING } from '../support/template.ts';

const PING = '<h:Ping/>';
const FAR = { remoteAddress: '192.0.2.7' };
const at = (ms: number): string => new Date(MORNING + ms).toISOString();

interface Token {
  readonly user?: string;
  readonly password?: string;
  readonly type?: 'Text' | 'Digest';
  readonly nonce?: string;
  readonly created?: string;
}

let nonces = 0;

function token({
  user = 'one-stop',
  password = SECRETS['one-stop'],
  type = 'Digest',
  nonce,
  created = at(0),
}: Token = {}): string {
  const given = nonce ?? Buffer.from(`a nonce of 16 by ${nonces++}`).toString('base64');
  const shown = type === 'Digest' ? passwordDigest(given, created, password) : password;
  const once = type === 'Digest' || nonce ? `<w:Nonce>${given}</w:Nonce><u:Created>${created}</u:Created>` : '';
  return `<w:Security xmlns:w="${WSSE}" xmlns:u="${WSU}" s:mustUnderstand="1"><w:UsernameToken><w:Username>${user}</w:Username><w:Password Type="${PASSWORD}${type}">${shown}</w:Password>${once}</w:UsernameToken></w:Security>`;
}

describe('authentication at the SOAP door', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());
  const send = (header: string, options: Parameters<typeof sendSoap>[2] = {}): Promise<SoapReply> =>
    sendSoap(hub, envelope(PING, { header }), { key: null, ...options });

  test('without credentials: 401 with a Basic challenge, in a fault', async () => {
    const reply = await send('');
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(reply.fault?.code).toBe('soap:Client');
    for (const version of ['1.1', '1.2'] as const)
      expect((await sendSoap(hub, envelope(PING, { version }), { key: null, version })).status).toBe(401);
  });

  test('a wrong Basic password is challenged again, before the body is read', async () => {
    const Authorization = `Basic ${Buffer.from('one-stop:wrong').toString('base64')}`;
    const reply = await send('', { headers: { Authorization } });
    expect([reply.status, reply.headers.has('www-authenticate')]).toEqual([401, true]);
  });

  test('a UsernameToken is accepted: a digest from anywhere, a text over TLS or from this machine', async () => {
    expect((await send(token(), { peer: FAR })).status).toBe(200);
    expect((await send(token({ type: 'Text' }))).status).toBe(200);
    expect((await send(token({ type: 'Text' }), { peer: { ...FAR, encrypted: true } })).status).toBe(200);
    const clear = await send(token({ type: 'Text' }), { peer: FAR });
    expect(clear.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringContaining('TLS') });
  });

  test.each<[string, Token]>([
    ['of a wrong password', { password: 'wrong-secret' }],
    ['of a wrong text', { password: 'wrong-secret', type: 'Text' }],
    ['of nobody', { user: 'nobody', password: '' }],
  ])('a UsernameToken %s is a readable fault in each version', async (_, given) => {
    const old = await send(token(given));
    expect([old.status, old.fault?.code]).toEqual([500, 'soap:Client']);
    expect(old.fault?.reason).toBe('the user name or the password of the UsernameToken is wrong');
    const modern = await sendSoap(hub, envelope(PING, { header: token(given), version: '1.2' }), {
      key: null,
      version: '1.2',
    });
    expect([modern.status, modern.fault?.code]).toEqual([400, 'soap:Sender']);
  });

  test('a comment in the password does not cut it short', async () => {
    const secret = SECRETS['one-stop'];
    const split = `${secret.slice(0, 5)}<!-- -->${secret.slice(5)}`;
    expect((await send(token({ type: 'Text', password: split }))).status).toBe(200);
    expect((await send(token({ type: 'Text', password: `${secret}<!-- -->x` }))).fault?.reason).toContain('wrong');
  });

  test('an overheard message cannot be replayed: at no process, in no other spelling', async () => {
    const nonce = Buffer.from('one nonce of 17 b').toString('base64');
    expect((await send(token({ nonce }))).status).toBe(200);
    for (const again of [nonce, `${nonce.slice(0, 4)}\n${nonce.slice(4)}`, nonce.replace('=', '')])
      expect((await send(token({ nonce: again }))).fault?.reason).toContain('replay');
    const elsewhere = createNonces(hub.hub.database, () => MORNING);
    const used = { keyName: 'one-stop', nonce: `nonce ${nonce}`, expiresAtMs: MORNING };
    expect(await elsewhere(used)).toBe(false);
  });

  test.each(['not base64!', 'bm9uY2U=bm9uY2U=', 'bm9uY', 'bm9u_2U=', '=', '%%%%'])(
    'a nonce that is not base64 is refused: %s',
    async (nonce) => {
      expect((await send(token({ nonce }))).fault?.reason).toMatch(/Nonce is .*expected base64/);
    },
  );

  test('of two simultaneous messages with one nonce, one is accepted', async () => {
    const header = token();
    const statuses = (await Promise.all([1, 2, 3].map(() => send(header)))).map((reply) => reply.status);
    expect(statuses.sort()).toEqual([200, 500, 500]);
  });

  test.each<[string, string, boolean]>([
    ['4 minutes old', at(-240_000), true],
    ['4 minutes ahead', at(240_000), true],
    ['6 minutes old', at(-360_000), false],
    ['6 minutes ahead', at(360_000), false],
    ['no time', 'yesterday', false],
  ])('Created %s', async (_, created, isTaken) => {
    const reply = await send(token({ created }));
    if (isTaken) expect(reply.status).toBe(200);
    else expect(reply.fault?.reason).toMatch(/^Created is/);
  });

  test.each<[string, string, boolean]>([
    ['expired 6 minutes ago', at(-360_000), false],
    ['expired a moment ago, by clocks that differ', at(-60_000), true],
    ['that does not say when', 'soon', false],
  ])('a message %s beside a valid token, though its time is not signed', async (_, expires, isTaken) => {
    const timestamp = `<u:Timestamp><u:Created>${at(-600_000)}</u:Created><u:Expires>${expires}</u:Expires></u:Timestamp>`;
    for (const header of [token(), token({ type: 'Text' })]) {
      const reply = await send(header.replace('<w:UsernameToken>', `${timestamp}$&`));
      if (isTaken) expect(reply.status).toBe(200);
      else expect(reply.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringMatching(/[Ee]xpire/) });
    }
    const alone = `<w:Security xmlns:w="${WSSE}" xmlns:u="${WSU}">${timestamp}</w:Security>`;
    expect((await send(alone, { key: 'one-stop' })).status).toBe(isTaken ? 200 : 500);
  });

  test('a digest without nonce, two tokens, and credentials of two keys are refused', async () => {
    expect((await send(token().replace(/<w:Nonce>.*<\/w:Nonce>/, ''))).fault?.reason).toContain('Nonce');
    const twice = token().replace(/(<w:UsernameToken>.*<\/w:UsernameToken>)/, '$1$1');
    expect((await send(twice)).fault?.reason).toContain('more than one UsernameToken');
    expect((await send(token(), { key: 'other' })).fault?.reason).toContain('different keys');
    expect((await send(`<?any?>${token()}`, { key: 'other' })).fault?.reason).toContain('different keys');
  });

  test("another party's key, a key without the scope, and an unknown party are client faults", async () => {
    for (const [party, key, why] of [
      ['one-stop', 'other', /not a key of the party/],
      ['one-stop', 'portal', /lacks the scope/],
      ['nobody', 'other', /no party/],
    ] as const)
      expect((await sendSoap(hub, envelope(PING), { party, key })).fault).toMatchObject({
        code: 'soap:Client',
        reason: expect.stringMatching(why),
      });
  });

  test('no secret is in a fault, in the log or readable in the database', async () => {
    const text = token({ type: 'Text', password: 'a-canary-in-the-mine' });
    const reply = await sendSoap(hub, envelope(pushXml('<h:wrong/>'), { header: text }), { key: null });
    expect(reply.text).not.toContain('canary');
    expect(JSON.stringify(hub.logLines)).not.toContain('canary');
    const rows = await hub.hub.database.query.selectFrom('messages').selectAll().execute();
    expect(rows.some((row) => JSON.stringify(row.results).includes('canary') || row.body?.includes('canary'))).toBe(
      false,
    );
  });
});

describe('a certificate that a proxy forwards', () => {
  const [own, stranger] = [testCertificate('own'), testCertificate('stranger')];
  let hub: TestHub;
  beforeAll(async () => {
    const key = { id: 'shown', secret: 'shown-secret-of-the-tests', scopes: ['dossier:write' as const] };
    hub = await testHub({
      keys: [{ ...key, party: 'one-stop', certificate: own.certificate }],
      proxies: ['10.0.0.0/8'],
      clientCertificateHeader: 'Client-Cert',
    });
  });
  afterAll(() => hub.close());
  const send = (shown: string, given: { header?: string; peer?: string } = {}): Promise<SoapReply> => {
    const xml = envelope('<h:GetDossier><h:code>H60.01-250812-0035</h:code></h:GetDossier>', {
      header: given.header ?? '',
    });
    const peer = { remoteAddress: given.peer ?? '10.1.2.3' };
    return sendSoap(hub, xml, { key: null, peer, headers: { 'Client-Cert': shown } });
  };
  const escaped = ({ certificate }: TestCertificate) => encodeURIComponent(certificate);

  test('identifies its key, as at the other doors, unless other credentials do', async () => {
    await hub.push(dossier());
    const reply = await send(escaped(own));
    expect(reply.status).toBe(200);
    expect(reply.body.GetDossierResponse[0].dossier[0].code).toEqual(['H60.01-250812-0035']);
    expect((await send(escaped(own), { header: token({ password: 'wrong-secret' }) })).fault?.reason).toContain(
      'the password of the UsernameToken is wrong',
    );
    expect((await send(escaped(own), { peer: '203.0.113.5' })).fault?.reason).toContain('has no credentials');
  });

  test('separates senders: strangers at its address take no room of it, nor of each other', async () => {
    const headers = { 'content-type': 'text/xml' };
    const open = Array.from({ length: 5 }, () => {
      const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress: '10.1.2.3' }, headers });
      incoming.write(Buffer.alloc(15 * 1024 * 1024, ' '));
      const answer = Promise.resolve(
        hub.hub.app.request('/soap/v1/one-stop', { method: 'POST', headers }, { incoming }),
      );
      return { incoming, answer };
    });
    // One of them makes room.
    expect((await Promise.race(open.map(({ answer }) => answer))).status).toBe(500);
    expect((await send('')).fault?.reason).toContain('has no credentials');
    const large = { header: `<x>${' '.repeat(15 * 1024 * 1024)}</x>` };
    expect((await send(escaped(own), large)).fault?.reason ?? '').not.toContain('arriving at once');
    for (const { incoming } of open) incoming.destroy();
    await Promise.all(open.map(({ answer }) => answer));
  });

  test('is named when it is not accepted', async () => {
    const { fingerprint256 } = new X509Certificate(stranger.certificate);
    const reply = await send(escaped(stranger));
    expect([reply.status, reply.fault?.reason]).toEqual([
      401,
      `no key has the certificate ${fingerprint256}, expected HTTP Basic or a WS-Security header`,
    ]);
    expect((await send('zz')).fault?.reason).toContain('cannot be read');
  });
});

describe('a signed envelope', () => {
  const [own, stranger] = [testCertificate('own'), testCertificate('stranger')];
  const [weak, ended] = [testCertificate('weak', { bits: 1024 }), testCertificate('ended', { to: '25' })];
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({
      keys: [
        ...Object.entries({ signer: own, weak, ended }).map(([id, { certificate }]) => ({
          id,
          secret: `${id}-secret-of-the-tests`,
          scopes: ['dossier:write' as const],
          party: 'one-stop',
          // As PEM, or as its fingerprint.
          certificate: id === 'ended' ? new X509Certificate(certificate).fingerprint256 : certificate,
        })),
      ],
    });
  });
  afterAll(() => hub.close());

  interface Signing {
    readonly by?: TestCertificate;
    readonly withTime?: boolean;
    readonly created?: string;
    readonly digest?: string;
    readonly algorithm?: string;
    readonly canonicalisation?: string;
    readonly parts?: readonly string[];
  }
  const TIMESTAMP = "//*[local-name(.)='Timestamp']";
  const BODY = "//*[local-name(.)='Body']";

  /** In the way of WSS4J, WCF and node-soap: a token with the certificate, a Timestamp, exclusive canonicalisation. */
  function signed(content: string, options: Signing = {}): string {
    const {
      by = own,
      withTime = true,
      created = at(nonces++),
      parts = withTime ? [BODY, TIMESTAMP] : [BODY],
    } = options;
    const time = withTime ? `<u:Timestamp u:Id="T"><u:Created>${created}</u:Created></u:Timestamp>` : '';
    const der = by.certificate.replaceAll(/-----.*-----|\s/g, '');
    const header = `<w:Security xmlns:w="${WSSE}" xmlns:u="${WSU}" s:mustUnderstand="1"><w:BinarySecurityToken u:Id="X">${der}</w:BinarySecurityToken>${time}</w:Security>`;
    const xml = envelope(content, { header, bodyAttributes: ` xmlns:u="${WSU}" u:Id="B"` });
    const exclusive = options.canonicalisation ?? 'http://www.w3.org/2001/10/xml-exc-c14n#';
    const signer = new SignedXml({
      privateKey: by.key,
      idMode: 'wssecurity',
      signatureAlgorithm: options.algorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      canonicalizationAlgorithm: exclusive as 'http://www.w3.org/2001/10/xml-exc-c14n#',
      getKeyInfoContent: () =>
        `<w:SecurityTokenReference xmlns:w="${WSSE}"><w:Reference URI="#X"/></w:SecurityTokenReference>`,
    });
    for (const xpath of parts)
      signer.addReference({
        xpath,
        digestAlgorithm: options.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
        transforms: [exclusive],
      });
    signer.computeSignature(xml, { location: { reference: "//*[local-name(.)='Security']", action: 'append' } });
    return signer.getSignedXml();
  }
  const send = (message: string): Promise<SoapReply> => sendSoap(hub, message, { key: null });
  const outcome = async (message: string): Promise<string> =>
    (await send(message)).body.PushDossiersResponse?.[0].result[0].outcome[0];

  test('with the certificate of a key is accepted, and may read', async () => {
    expect(await outcome(signed(pushXml(dossierXml('H60.01-250812-4001', '<h:note>Đã ký &amp; gửi</h:note>'))))).toBe(
      'accepted',
    );
    const read = await send(signed('<h:GetDossier><h:code>H60.01-250812-4001</h:code></h:GetDossier>'));
    expect(read.body.GetDossierResponse[0].dossier[0].note).toEqual(['Đã ký & gửi']);
    const kept = await hub.hub.database.query
      .selectFrom('messages')
      .select('key_name')
      .where('door', '=', 'soap')
      .executeTakeFirst();
    expect(kept?.key_name).toBe('signer');
  });

  test('accepted by one hub is refused by a second one on the database; so is a UsernameToken', async () => {
    const keys = [
      {
        id: 'signer',
        secret: 'signer-secret-of-the-tests',
        scopes: ['dossier:write' as const],
        party: 'one-stop',
        certificate: own.certificate,
      },
    ];
    const second = await testHub({ keys, databaseUrl: hub.databaseUrl });
    for (const message of [signed(PING), envelope(PING, { header: token() })]) {
      const [first, again] = [await send(message), await sendSoap(second, message, { key: null })];
      expect([first.status, again.status]).toEqual([200, 500]);
      expect(again.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringContaining('replay') });
    }
    await second.close();
  });

  inDepth('of many dossiers is verified in a thread, and stored', async () => {
    const many = Array.from({ length: 400 }, (_, n) =>
      dossierXml(`H60.03-250812-${String(n).padStart(4, '0')}`, '<h:note>Ghi chú</h:note>'),
    );
    const reply = await send(signed(pushXml(...many)));
    expect(reply.body.PushDossiersResponse[0].result).toHaveLength(400);
  });

  test('without a signed time may push, which is harmless to repeat, and not read', async () => {
    const push = signed(pushXml(dossierXml('H60.01-250812-4002')), { withTime: false });
    expect([await outcome(push), await outcome(push)]).toEqual(['accepted', 'duplicate']);
    const read = signed('<h:GetDossier><h:code>H60.01-250812-4002</h:code></h:GetDossier>', { withTime: false });
    expect((await send(read)).fault?.reason).toContain('Timestamp');
    const unsignedTime = signed('<h:GetDossier><h:code>H60.01-250812-4002</h:code></h:GetDossier>', { parts: [BODY] });
    expect((await send(unsignedTime)).fault?.reason).toContain('Timestamp');
  });

  const push = (code: string, options?: Signing): string => signed(pushXml(dossierXml(code)), options);
  const heard = push('H60.01-250812-4005');
  const swap = (message: string, content: string): string => message.replace(/<s:Body.*<\/s:Body>/s, content);
  const forged = `<s:Body xmlns:u="${WSU}" u:Id="C">${pushXml(dossierXml('H60.01-250812-4666'))}</s:Body>`;
  const sha1 = 'http://www.w3.org/2000/09/xmldsig#';
  test.each<[string, () => string, RegExp]>([
    ['that was sent before', () => heard, /replay/],
    ['that is 6 minutes old', () => push('H60.01-250812-4666', { created: at(-360_000) }), /Created is/],
    ['of a changed Body', () => push('H60.01-250812-4003').replace('4003', '4666'), /changed/],
    ['of a stranger', () => push('H60.01-250812-4666', { by: stranger }), /no key has the certificate/],
    [
      'that shows the certificate of another',
      () => push('H60.01-250812-4666', { by: { ...stranger, certificate: own.certificate } }),
      /changed, or another key/,
    ],
    [
      'of a certificate that has ended',
      () => push('H60.01-250812-4666', { by: ended }),
      /valid from .* to Jan .* 2025/,
    ],
    ['of a key that is too short', () => push('H60.01-250812-4666', { by: weak }), /at least 2048 bits/],
    ['with SHA-1 as digest', () => push('H60.01-250812-4666', { digest: `${sha1}sha1` }), /sha1' is not supported/],
    [
      'with SHA-1 in the signature',
      () => push('H60.01-250812-4666', { algorithm: `${sha1}rsa-sha1` }),
      /rsa-sha1' is not supported/,
    ],
    [
      'named HMAC',
      () => push('H60.01-250812-4666').replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', `${sha1}hmac-sha1`),
      /hmac-sha1' is not supported/,
    ],
    [
      'with MD5',
      () =>
        push('H60.01-250812-4666').replaceAll(
          'http://www.w3.org/2001/04/xmlenc#sha256',
          'http://www.w3.org/2001/04/xmldsig-more#md5',
        ),
      /md5' is not supported/,
    ],
    [
      'with inclusive canonicalisation',
      () => push('H60.01-250812-4666', { canonicalisation: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }),
      /not supported/,
    ],
    ['of the time alone', () => push('H60.01-250812-4666', { parts: [TIMESTAMP] }), /does not sign the Body/],
    [
      'whose Body was moved to the header',
      () => {
        const message = push('H60.01-250812-4004');
        const body = /<s:Body.*<\/s:Body>/s.exec(message)?.[0] ?? '';
        return swap(message, forged).replace(
          '</s:Header>',
          `<x:Wrapper xmlns:x="urn:x">${body}</x:Wrapper></s:Header>`,
        );
      },
      /does not sign the Body/,
    ],
    [
      'whose id two elements have',
      () => {
        const message = push('H60.01-250812-4004');
        const body = /<s:Body.*<\/s:Body>/s.exec(message)?.[0] ?? '';
        return swap(message, forged.replace('"C"', '"B"')).replace(
          '</s:Header>',
          `<x:Wrapper xmlns:x="urn:x">${body}</x:Wrapper></s:Header>`,
        );
      },
      /more than one element/,
    ],
    [
      'whose id an ID of another kind repeats',
      () => push('H60.01-250812-4666').replace('</s:Header>', '<x:Wrapper xmlns:x="urn:x" ID="B"/></s:Header>'),
      /more than one element/,
    ],
    [
      'beside a second one',
      () => push('H60.01-250812-4666').replace(/(<Signature .*<\/Signature>)/s, '$1$1'),
      /more than one Signature/,
    ],
    [
      'beside one in the Body',
      () => push('H60.01-250812-4666').replace('</h:dossier>', `<Signature xmlns="${sha1}"/></h:dossier>`),
      /more than one Signature/,
    ],
    [
      'that is empty',
      () => push('H60.01-250812-4666').replace(/<SignatureValue>.*<\/SignatureValue>/, '<SignatureValue/>'),
      /not valid/,
    ],
    [
      'without its certificate',
      () => push('H60.01-250812-4666').replace('URI="#X"', 'URI="#Y"'),
      /does not carry its certificate/,
    ],
    ['of a Body without id', () => push('H60.01-250812-4666').replace(' u:Id="B"', ''), /no wsu:Id/],
  ])('%s is refused', async (_, message, reason) => {
    await send(heard);
    const reply = await send(message());
    expect(reply.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringMatching(reason) });
    const vietnamese = await sendSoap(hub, message(), { key: null, headers: VIETNAMESE });
    expect(englishIn(vietnamese.fault)).toEqual([]);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-4666')).status).toBe(404);
  });

  test('a comment in a signed text does not change the read text', async () => {
    const message = push('H60.01-250812-4006').replace('4006</h:code>', '40<!-- -->06</h:code>');
    expect(await outcome(message)).toBe('accepted');
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-4006')).status).toBe(200);
  });
});
