import { useSyncExternalStore } from 'react';

const query = matchMedia('(max-width: 820px)');
const subscribe = (listener: () => void) => {
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
};

/** Whether the window is as narrow as a telephone; the same width as in the style sheets. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query.matches);
