import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { createSerializerCompiler, type FastifyPluginAsyncZodOpenApi, validatorCompiler } from 'fastify-zod-openapi';
import { handleError, handleFrameworkError } from './hooks/error-handler.ts';
import { maxRequestBytes } from './hooks/json-body.ts';
import { answerUnknownRoutes } from './hooks/not-found.ts';

/** What routes are added to: their schemas are zod's. */
export type ZodApp = Parameters<FastifyPluginAsyncZodOpenApi>[0];

/** A request's headers and body must have arrived by then (milliseconds). */
const requestTimeoutMs = 30_000;

/**
 * A server without routes: zod validates and documents them, and every error is a problem document.
 * @param closes which connections a close ends: those without a request, or all
 */
export function createApp(log: FastifyBaseLogger, closes: 'idle' | true): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // Fastify's own lines hold paths; ours hold patterns.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxRequestBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: closes,
    return503OnClosing: false,
    frameworkErrors: handleFrameworkError,
  });
  app.setValidatorCompiler(validatorCompiler);
  // JSON.stringify behind the schema's own parse:
  // a compiled serializer would follow a second description of the same shape.
  app.setSerializerCompiler(createSerializerCompiler({ stringify: JSON.stringify }));
  app.setErrorHandler(handleError);
  answerUnknownRoutes(app);
  return app;
}
