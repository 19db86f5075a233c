import { InterceptingCall, type Interceptor, Metadata, status } from '@grpc/grpc-js';

type Call = ConstructorParameters<typeof InterceptingCall>[0];

/**
 * Rejects a call on a connection that was closed. The client's own retries call again from a timer, where grpc-js
 * throws: a backend that closed its client while Temporal was away would end by an uncaught exception, and its
 * `publish` never.
 */
export const rejectAfterClose: Interceptor = (options, nextCall) => {
  let call: Call;
  try {
    call = nextCall(options);
  } catch (error) {
    call = rejectedCall((error as Error).message);
  }
  return new InterceptingCall(call);
};

/** FAILED_PRECONDITION is a status that nothing retries. */
function rejectedCall(details: string): Call {
  return {
    start(_metadata, listener) {
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: status.FAILED_PRECONDITION, details, metadata: new Metadata() });
    },
    sendMessage() {},
    sendMessageWithContext() {},
    startRead() {},
    halfClose() {},
    cancelWithStatus() {},
    getPeer: () => 'closed',
    getAuthContext: () => null,
  };
}
