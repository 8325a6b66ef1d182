import axios from 'axios';
import { BasicAuthSecurity, type Client, createClientAsync } from 'soap';
import { deadline } from '../../kit/http/limits.ts';
import type { PartnerEvent, SoapPush } from '../day/events.ts';
import type { Acknowledgements, Outcome } from './acknowledgements.ts';
import { NotAcknowledged } from './until-acknowledged.ts';

export interface SoapSystem {
  /** One envelope at the SOAP door. */
  push(push: SoapPush): Promise<void>;
}

interface PushReply {
  readonly receipt: string;
  readonly result?: readonly { readonly index: number; readonly outcome: Outcome }[];
}

/** A one-stop system built from the hub's WSDL with a third-party library. */
export function createSoapSystem(
  hubUrl: string,
  key: string,
  acknowledgements: Acknowledgements,
  signal: AbortSignal,
): SoapSystem {
  let made: Promise<Client> | undefined;
  const client = async (): Promise<Client> => {
    made ??= soapClient(`${hubUrl}/soap/v1/one-stop?wsdl`, { signal }).then((one) => {
      one.setSecurity(new BasicAuthSecurity('one-stop', key));
      return one;
    });
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw error;
    }
  };
  return {
    async push({ operation, events }) {
      // Absent members are left out: undefined would become an empty element.
      const items = JSON.parse(JSON.stringify(events.map(({ item }) => item))) as object[];
      const args = { [operation === 'PushDossiers' ? 'dossier' : 'progress']: items };
      const { receipt, result = [] } = await call<PushReply>(await client(), operation, args, signal);
      if (result.length !== events.length)
        throw new Error(`${operation}: ${result.length} results for ${events.length} items`);
      acknowledgements.receipt(receipt);
      for (const { index, outcome } of result)
        acknowledgements.add('soap', events[Number(index)] as PartnerEvent, outcome);
    },
  };
}

/** Creates a client from a WSDL. Throws `NotAcknowledged` when the WSDL is not available. */
export function soapClient(
  wsdl: string,
  { signal, version = '1.1' }: { readonly signal: AbortSignal; readonly version?: '1.1' | '1.2' },
): Promise<Client> {
  const request = axios.create({ proxy: false });
  // The timeout of axios does not end an answer that trickles in.
  request.interceptors.request.use((config) => ({
    ...config,
    signal: deadline(ANSWERS_WITHIN_MS, signal).signal,
  }));
  const options = { request, disableCache: true, forceSoap12Headers: version === '1.2' };
  return createClientAsync(wsdl, options).catch((error: Error) => {
    if (signal.aborted) throw error;
    throw new NotAcknowledged(`${wsdl}: ${error.message}`);
  });
}

export const ANSWERS_WITHIN_MS = 5_000;

/** Calls an operation. A missing answer or a foreign fault throws `NotAcknowledged`. */
export async function call<T>(client: Client, operation: string, args: object, signal: AbortSignal): Promise<T> {
  try {
    const operations = client as unknown as Record<string, (args: object) => Promise<[T]>>;
    const ask = operations[`${operation}Async`];
    if (!ask) throw new Error(`the WSDL has no ${operation}`);
    const [result] = await ask(args);
    if (typeof result !== 'object' || result === null) throw new NotAcknowledged(`${operation}: no answer`);
    return result;
  } catch (error) {
    if (signal.aborted || error instanceof NotAcknowledged) throw error;
    const { message } = error as Error;
    if (/\b(?:Client|Sender)\b|has no/.test(message)) throw new Error(`${operation}: ${message}`, { cause: error });
    throw new NotAcknowledged(`${operation}: ${message}`);
  }
}
