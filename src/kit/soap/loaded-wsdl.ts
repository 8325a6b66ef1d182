import type { WSDL } from 'soap';

export type SoapVersion = '1.1' | '1.2';

export interface Port {
  readonly service: string;
  readonly name: string;
  /** By the binding of its address. Undefined for the HTTP bindings that .NET adds. */
  readonly version?: SoapVersion | undefined;
  readonly address: string;
}

/** A WSDL with everything it imports, read once. */
export interface LoadedWsdl {
  readonly wsdl: WSDL;
  readonly ports: readonly Port[];
  /** By `wrapperKey` of binding and operation, for the style rpc: the namespace of the element around the parts. */
  readonly wrappers: ReadonlyMap<string, string>;
  /** By `wrapperKey` of port type and operation: the Action of WS-Addressing. */
  readonly actions: ReadonlyMap<string, WsdlAction>;
}

/** WS-Addressing 1.0 Metadata 4.4: the action in the WSDL, else the SOAPAction, else one derived from names. */
export interface WsdlAction {
  readonly named: string | undefined;
  readonly made: string;
}

/** The key of an operation. Services of one WSDL may have operations of the same name. */
export function wrapperKey(bindingOrPortType: string, operation: string): string {
  return `${bindingOrPortType} ${operation}`;
}

/** Why a WSDL cannot be used, for the person who configures the party. */
export class WsdlProblem extends Error {}
