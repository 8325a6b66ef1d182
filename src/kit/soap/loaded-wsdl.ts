import type { WSDL } from 'soap';

export type SoapVersion = '1.1' | '1.2';

export interface Port {
  readonly service: string;
  readonly name: string;
  /** By the binding of its address; undefined for the HTTP bindings that .NET adds. */
  readonly version?: SoapVersion;
  readonly address: string;
}

/** A WSDL with all that it imports, read once. */
export interface LoadedWsdl {
  readonly wsdl: WSDL;
  readonly ports: readonly Port[];
  /** By binding and operation of the style rpc, see `wrapperKey`: the namespace of the element around its parts. */
  readonly wrappers: ReadonlyMap<string, string>;
  /** By port type and operation, see `wrapperKey`: its Action by WS-Addressing. */
  readonly actions: ReadonlyMap<string, WsdlAction>;
}

/** WS-Addressing 1.0 - Metadata, 4.4: what the WSDL names, else the SOAPAction, else what is made of its names. */
export interface WsdlAction {
  readonly named: string | undefined;
  readonly made: string;
}

/** Services of one WSDL may have operations of the same name, each in the namespace of its own binding. */
export function wrapperKey(bindingOrPortType: string, operation: string): string {
  return `${bindingOrPortType} ${operation}`;
}

/** Why a WSDL cannot be used; told to whoever configures the party. */
export class WsdlProblem extends Error {}
