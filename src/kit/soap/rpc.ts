import type { WSDL } from 'soap';
import { type LoadedWsdl, type Port, wrapperKey } from './loaded-wsdl.ts';

/** node-soap's node for the type of a part, if one of the WSDL's schemas defines it. */
interface PartType {
  readonly xmlns: string;
}

/**
 * The WSDL for calls of one operation. For rpc/literal, the element around the parts gets the namespace of the
 * binding's body, and each part is written by its type. node-soap would use the WSDL's target namespace and no types.
 */
export function asBound({ wsdl, wrappers }: LoadedWsdl, { service, name }: Port, operation: string): WSDL {
  const binding = wsdl.definitions.services[service]?.ports[name]?.binding;
  const method = binding?.methods[operation];
  const [bindingName] = Object.entries(wsdl.definitions.bindings).find(([, one]) => one === binding) ?? [];
  const types = method?.input?.parts as Readonly<Record<string, PartType | string>> | null | undefined;
  const wrapper = wrappers.get(wrapperKey(bindingName ?? '', operation));
  if (method?.style !== 'rpc' || method.inputSoap?.use !== 'literal' || !types || wrapper === undefined) return wsdl;
  const written = ([part, value]: [string, unknown]): string => {
    const type = types[part];
    if (typeof type !== 'object') return wsdl.objectToXML({ [part]: value }, '', '', '');
    const inner = wsdl.objectToXML(value, part, 'part', type.xmlns, false, undefined, type);
    const attributes = wsdl.processAttributes(value, undefined as never);
    return `<${part}${attributes} xmlns:part="${type.xmlns}">${inner}</${part}>`;
  };
  return Object.assign(Object.create(wsdl) as WSDL, {
    objectToRpcXML: (_name: string, parts: Readonly<Record<string, unknown>>): string =>
      `<rpc:${operation} xmlns:rpc="${wrapper}">${Object.entries(parts).map(written).join('')}</rpc:${operation}>`,
  });
}
