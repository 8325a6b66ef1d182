import { randomUUID } from 'node:crypto';
import { escapeText } from '../xml/text.ts';
import { type LoadedWsdl, type Port, wrapperKey } from './loaded-wsdl.ts';

const WSA = 'http://www.w3.org/2005/08/addressing';

/**
 * The headers of WS-Addressing 1.0 (`wsHttpBinding` of WCF) for a call whose answer uses the same connection.
 *
 * @param endpoint the address of the call
 * @param action overrides the action of the WSDL
 */
export function addressingOf(
  loaded: LoadedWsdl,
  port: Port,
  operation: string,
  { endpoint, action = actionOf(loaded, port, operation) }: { endpoint: string; action: string | undefined },
): string {
  const element = (name: string, content: string): string => `<wsa:${name} xmlns:wsa="${WSA}">${content}</wsa:${name}>`;
  return [
    element('Action', escapeText(action)),
    element('MessageID', `urn:uuid:${randomUUID()}`),
    element('To', escapeText(endpoint)),
    element('ReplyTo', `<wsa:Address>${WSA}/anonymous</wsa:Address>`),
  ].join('');
}

function actionOf({ wsdl, actions }: LoadedWsdl, { service, name }: Port, operation: string): string {
  const binding = wsdl.definitions.services[service]?.ports[name]?.binding;
  // node-soap gives a binding the methods object of its port type.
  const [portType] =
    Object.entries(wsdl.definitions.portTypes).find(([, one]) => one.methods === binding?.methods) ?? [];
  const { named, made } = actions.get(wrapperKey(portType ?? '', operation)) ?? {};
  return named || binding?.methods[operation]?.soapAction || made || operation;
}
