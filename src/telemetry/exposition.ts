import type { FastifyBaseLogger } from 'fastify';
import type { Metrics } from './metrics.ts';

/** The Temporal SDK answers from memory: whatever takes longer is not worth a scrape's timeout (milliseconds). */
const sdkTimeoutMs = 1_000;

export interface ExpositionDeps {
  metrics: Pick<Metrics, 'registry'>;
  /** Where the Temporal SDK serves its metrics in this process, `host:port`; absent: it does not. */
  sdkMetricsAddress?: string | undefined;
  log: Pick<FastifyBaseLogger, 'warn'>;
}

/** A process's metrics in Prometheus' text format: ours, joined with those of the Temporal SDK. */
export async function exposition({ metrics, sdkMetricsAddress, log }: ExpositionDeps): Promise<string> {
  const ofSdk = async (): Promise<string> => {
    if (sdkMetricsAddress === undefined) return '';
    try {
      const response = await fetch(`http://${sdkMetricsAddress}/metrics`, {
        signal: AbortSignal.timeout(sdkTimeoutMs),
      });
      return response.ok ? await response.text() : '';
    } catch (error) {
      log.warn({ err: error }, 'no metrics from the Temporal SDK');
      return '';
    }
  };
  const [own, sdk] = await Promise.all([metrics.registry.metrics(), ofSdk()]);
  return `${own.trimEnd()}\n${sdk}`;
}
