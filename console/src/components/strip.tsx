import type { Schemas } from '../api/client.ts';

const size = 40;

/** The newest deliveries of an endpoint as bars, the newest on the right. The words beside it say the same. */
export function Strip({ recent }: { recent: Schemas['EndpointHealth']['recent'] }) {
  const places = Array.from({ length: size }, (_, place) => ({
    x: place * 4,
    status: recent[size - 1 - place] ?? 'none',
  }));
  return (
    <svg
      className="strip"
      width={size * 4}
      height="18"
      viewBox={`0 0 ${size * 4} 18`}
      role="img"
      aria-label={stripWords(recent)}
    >
      {places.map(({ x, status }) => (
        <rect key={x} x={x} width="3" rx="1" className={`strip-${status}`} {...(status === 'none' ? low : high)} />
      ))}
    </svg>
  );
}

const low = { y: 6, height: 6 };
const high = { y: 1, height: 16 };

/** `38 of the last 40 delivered, 2 abandoned`. */
export function stripWords(recent: Schemas['EndpointHealth']['recent']): string {
  if (recent.length === 0) return 'nothing sent yet';
  const count = (status: string) => recent.filter((given) => given === status).length;
  const open = recent.length - count('delivered') - count('abandoned');
  return [
    `${count('delivered')} of the last ${recent.length} delivered`,
    ...(count('abandoned') > 0 ? [`${count('abandoned')} abandoned`] : []),
    ...(open > 0 ? [`${open} unsettled`] : []),
  ].join(', ');
}
