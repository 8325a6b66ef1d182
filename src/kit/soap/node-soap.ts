let loading: Promise<typeof import('soap')> | undefined;

/** Node-soap takes 100 ms of the event loop and 20 MB: it is loaded once, where a party speaks SOAP. */
export function loadNodeSoap(): Promise<typeof import('soap')> {
  loading ??= import('soap');
  return loading;
}
