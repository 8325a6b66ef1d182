let loading: Promise<typeof import('soap')> | undefined;

/** Loads node-soap once, if a party speaks SOAP. It takes 100 ms of the event loop and 20 MB. */
export function loadNodeSoap(): Promise<typeof import('soap')> {
  loading ??= import('soap');
  return loading;
}
