import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServerless, type IServices, type Server } from 'soap';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;
/** A message as node-soap reads it: texts, and elements by name. */
// biome-ignore lint/suspicious/noExplicitAny: anything may come
export type Given = any;

/** Handles a call. The WS-Security header is a separate argument. */
export type Operation = (args: Given, context: Context, security: unknown) => object;

/** A fault that an operation throws. */
export class Fault extends Error {
  readonly side: 'client' | 'server';
  readonly subcode: string | undefined;
  constructor(side: 'client' | 'server', message: string, subcode?: string) {
    super(message);
    this.side = side;
    this.subcode = subcode;
  }
}

export interface Ministry {
  readonly path: string;
  readonly version: '1.1' | '1.2';
  readonly service: string;
  readonly port: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** A SOAP server of node-soap behind the simulator's routes. */
export function routesOf(ministry: Ministry, wsdlFile: string) {
  const xml = readFileSync(join(import.meta.dirname, '..', 'parties', wsdlFile), 'utf8');
  const server = serverOf(ministry, xml);
  return [
    {
      method: 'GET',
      path: ministry.path,
      handle: ({ headers }: SimulatorRequest): SimulatorReply => ({
        headers: { 'content-type': 'text/xml; charset=utf-8' },
        body: xml.replace(/(<soap(?:12)?:address location=")[^"]*/g, `$1http://${headers.host}${ministry.path}`),
      }),
    },
    {
      method: 'POST',
      path: ministry.path,
      async handle(request: SimulatorRequest, context: Context): Promise<SimulatorReply> {
        const answer = (await server)(request, context);
        return answer;
      },
    },
  ];
}

type Answering = (request: SimulatorRequest, context: Context) => Promise<SimulatorReply>;

/**
 * Passes the request's context to operations through a variable. That is safe because node-soap calls an operation
 * before `listener` returns.
 */
async function serverOf({ path, version, service, port, operations }: Ministry, xml: string): Promise<Answering> {
  let current: Context | undefined;
  const methods = Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (args: object, _callback: unknown, headers: { readonly Security?: unknown } | undefined) => {
        try {
          return operation((args ?? {}) as Given, current as Context, headers?.Security);
        } catch (error) {
          throw error instanceof Fault ? faultOf(error, version) : error;
        }
      },
    ]),
  );
  const services: IServices = { [service]: { [port]: methods } };
  const server = (await createServerless({
    path,
    services,
    xml,
    suppressStack: true,
    forceSoap12Headers: version === '1.2',
    customDeserializer: Object.fromEntries(EXACT.map((type) => [type, (text: string) => text])),
  } as never)) as unknown as Server & { processRequest(xml: string, request: object): Promise<ServerReply> };
  return async (request, context) => {
    current = context;
    const answering = server.processRequest(request.text(), {
      url: path,
      method: 'POST',
      headers: { 'content-type': request.headers['content-type'], soapaction: request.headers.soapaction ?? '""' },
    });
    const { statusCode, body } = await answering;
    const type = version === '1.2' ? 'application/soap+xml' : 'text/xml';
    return { status: statusCode ?? 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
  };
}

const EXACT = ['decimal', 'dateTime', 'int', 'boolean'] as const;

interface ServerReply {
  readonly statusCode?: number;
  readonly body: string;
}

function faultOf({ side, message, subcode }: Fault, version: '1.1' | '1.2'): object {
  if (version === '1.1')
    return {
      Fault: {
        faultcode: subcode ?? (side === 'client' ? 'soap:Client' : 'soap:Server'),
        faultstring: message,
        statusCode: 500,
      },
    };
  const code = {
    Value: side === 'client' ? 'soap:Sender' : 'soap:Receiver',
    Subcode: subcode ? { Value: subcode } : undefined,
  };
  return { Fault: { Code: code, Reason: { Text: message }, statusCode: side === 'client' ? 400 : 500 } };
}
