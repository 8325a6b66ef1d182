import { type Sentence, say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Connection } from '../connection.ts';
import { type Exchange, ForeignAddress } from '../http/exchange.ts';
import { escapeText } from '../xml/text.ts';
import { addressingOf } from './addressing.ts';
import { arranged, type SoapArguments } from './arguments.ts';
import { type LoadedWsdl, type Port, type SoapVersion, WsdlProblem } from './loaded-wsdl.ts';
import { loadNodeSoap } from './node-soap.ts';
import { type Picking, readSoapReply, type SoapReply } from './reply.ts';
import { asBound } from './rpc.ts';
import { type SoapSecurity, secretsOfSecurity, securityOf } from './security.ts';
import { loadWsdl } from './wsdl.ts';
import { shapesOf } from './wsdl-shapes.ts';

/** The address and protocol of a SOAP server. */
export interface SoapService {
  /** The WSDL: an address, or the path of a file. */
  readonly wsdl: string;
  /** The address to call, if the one in the WSDL is wrong. */
  readonly endpoint?: string | undefined;
  readonly version?: SoapVersion | undefined;
  /**
   * `wsdl`: the action of the WSDL. `empty`: `""`. `none`: no header. Any other text is sent with `{operation}`
   * replaced.
   */
  readonly action?: string | undefined;
  /** The name of the port, if several fit. */
  readonly port?: string | undefined;
  readonly security?: SoapSecurity | undefined;
  /** Whether each call has WS-Addressing headers, as `wsHttpBinding` of WCF requires. */
  readonly addressing?: boolean | undefined;
}

export interface SoapCall {
  readonly operation: string;
  readonly args: SoapArguments;
  /** What to extract from the answer. See `xmlRecords`. */
  readonly pick?: Picking;
  readonly idempotent?: boolean;
  /** The record of the call leaves out request and reply. */
  readonly secret?: boolean;
  /** Texts that the record of the call must not contain. */
  readonly hide?: readonly string[];
}

/** The result of a call. */
export type SoapResult =
  | (SoapReply & { readonly status: number; readonly headers: Readonly<Record<string, string>> })
  | Exclude<Exchange, { kind: 'reply' }>
  /** Nothing was sent: the WSDL is unavailable, or the request does not fit it. */
  | ({ readonly kind: 'unsent'; readonly reason: 'wsdl' | 'configuration' } & Sentence);

/** A WSDL is read again after an hour. A failure to read it is not cached. */
const WSDL_TTL_MS = 3_600_000;

/**
 * Calls a SOAP operation. node-soap builds the envelope from the WSDL, and the connection's `http` sends it. The answer
 * is parsed here, with values as texts. Expected failures are values.
 */
export async function callSoap(
  connection: Pick<Connection, 'http' | 'sessions'>,
  service: SoapService,
  call: SoapCall,
): Promise<SoapResult> {
  try {
    const { loaded, port, endpoint } = await portOf(connection, service);
    const { headers, body } = await envelopeOf(loaded, port, { ...service, endpoint }, call);
    const exchange = await connection.http.exchange({
      url: endpoint,
      headers,
      body,
      idempotent: call.idempotent ?? false,
      secret: call.secret ?? false,
      hide: [...(call.hide ?? []), ...secretsOfSecurity(service.security)].flatMap((text) => [text, escapeText(text)]),
    });
    if (exchange.kind !== 'reply') return exchange;
    return { ...(await readSoapReply(exchange, call.pick)), status: exchange.status, headers: exchange.headers };
  } catch (error) {
    if (error instanceof WsdlProblem) return { kind: 'unsent', reason: 'wsdl', message: error.message };
    if (error instanceof ForeignAddress) {
      const words = say('name-the-endpoint', { error: error.message });
      return { kind: 'unsent', reason: 'configuration', ...sentenceOf(words) };
    }
    throw error;
  }
}

/**
 * Why this call cannot be made by the WSDL: it cannot be read, or lacks the port, the operation or an argument. Calls nothing.
 */
export async function whyNotCalled(
  connection: Pick<Connection, 'http' | 'sessions'>,
  service: SoapService,
  call: Pick<SoapCall, 'operation' | 'args'>,
): Promise<string | undefined> {
  try {
    const { loaded, port, endpoint } = await portOf(connection, service);
    await envelopeOf(loaded, port, { ...service, endpoint }, call);
    return undefined;
  } catch (error) {
    if (error instanceof WsdlProblem) return error.message;
    throw error;
  }
}

/**
 * The port to use and its address.
 *
 * @throws WsdlProblem if no port fits
 */
async function portOf(
  { http, sessions }: Pick<Connection, 'http' | 'sessions'>,
  service: SoapService,
): Promise<{ readonly loaded: LoadedWsdl; readonly port: Port; readonly endpoint: string }> {
  const name = `wsdl ${service.wsdl}`;
  const loaded = await sessions.get(name, async () => ({
    value: await loadWsdl(http, service.wsdl),
    ttlMs: WSDL_TTL_MS,
  }));
  const fitting = loaded.ports.filter(
    ({ version, name }) =>
      version !== undefined &&
      (service.version === undefined || version === service.version) &&
      (service.port === undefined || name === service.port),
  );
  const port = fitting[0];
  if (port) return { loaded, port, endpoint: service.endpoint ?? port.address };
  const shown = loaded.ports.map(({ name, version }) => `${name} (${version ? `SOAP ${version}` : 'not SOAP'})`);
  const wanted = [service.port && `named ${service.port}`, service.version && `of SOAP ${service.version}`];
  throw new WsdlProblem(
    `the WSDL has no port ${wanted.filter(Boolean).join(' ')}: it has ${shown.join(', ') || 'none'}`,
  );
}

interface Envelope {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Method = (args: object, callback: (error: unknown) => void) => void;

/** Builds the envelope with node-soap, and intercepts it instead of sending it. */
async function envelopeOf(
  loaded: LoadedWsdl,
  port: Port,
  { action = 'wsdl', security, addressing, endpoint }: SoapService & { readonly endpoint: string },
  { operation, args }: Pick<SoapCall, 'operation' | 'args'>,
): Promise<Envelope> {
  const { Client } = await loadNodeSoap();
  const { service: serviceName, name, version } = port;
  // The shapes come first, because node-soap learns the namespace of each element from them.
  const { input } = shapesOf(loaded.wsdl, port, operation);
  let envelope: Envelope | undefined;
  const client = new Client(asBound(loaded, port, operation), undefined, {
    forceSoap12Headers: version === '1.2',
    httpClient: {
      request(_url, body: string, callback, headers = {}) {
        envelope = { headers: withAction(headers, action, operation), body };
        callback(new Error('taken'));
        return undefined as never;
      },
    },
  });
  if (addressing)
    client.addSoapHeader(addressingOf(loaded, port, operation, { endpoint, action: actionIn(action, operation) }));
  if (security) client.setSecurity(await securityOf(security));
  const method = (client as unknown as Record<string, Record<string, Record<string, Method>>>)[serviceName]?.[name]?.[
    operation
  ];
  if (!method) throw new WsdlProblem(`the WSDL has no operation ${operation} at its port ${name}`);
  return new Promise((resolve, reject) => {
    method(arranged(args, input, operation), (error) => (envelope ? resolve(envelope) : reject(error)));
  });
}

function withAction(
  headers: Readonly<Record<string, string>>,
  action: string,
  operation: string,
): Readonly<Record<string, string>> {
  if (action === 'wsdl') return headers;
  const text = actionIn(action, operation) ?? '';
  const { SOAPAction: _, 'Content-Type': type = '', ...others } = headers;
  const plain = type.replace(/;\s*action="[^"]*"/, '');
  if (type.startsWith('application/soap+xml'))
    return { ...others, 'Content-Type': action === 'none' ? plain : `${plain}; action="${text}"` };
  return action === 'none'
    ? { ...others, 'Content-Type': plain }
    : { ...others, 'Content-Type': plain, SOAPAction: `"${text}"` };
}

/** The action that the settings name themselves. */
function actionIn(action: string, operation: string): string | undefined {
  return ['wsdl', 'empty', 'none'].includes(action) ? undefined : action.replaceAll('{operation}', operation);
}
