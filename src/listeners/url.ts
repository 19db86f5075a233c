const scheme = 'listener://';

/** The URL of a listener: its endpoint's id in place of a host, so that no HTTP client could be sent there. */
export const listenerUrl = (endpointId: string): string => scheme + endpointId;

export const isListenerUrl = (url: string): boolean => url.startsWith(scheme);

export const endpointOf = (url: string): string => url.slice(scheme.length);
