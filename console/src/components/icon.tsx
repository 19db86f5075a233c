/** Paths of 16 × 16 line icons. */
const paths = {
  overview: 'M2.5 13.5h11M4 11V7.5M8 11V3M12 11V5.5',
  webhooks: 'M8 2.5a3 3 0 0 1 1.6 5.5l2 3.4M5 9.4a3 3 0 1 0 3 3h4M10.8 13.6a2.6 2.6 0 1 0 .6-4.6M8 5.5 5 10.8',
  deliveries: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  leads: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5c.6-2.6 2.6-4 5-4s4.4 1.4 5 4',
  events: 'M8.8 2 3.5 9h4l-.6 5 5.6-7.2H8.3z',
  signature: 'M8 1.8 13 3.7v4c0 3.2-2 5.4-5 6.5-3-1.1-5-3.3-5-6.5v-4zM5.9 8l1.5 1.5L10.2 6.5',
  settings: 'M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.3v3.4M6 9.3v3.4',
  organizations: 'M2.5 13.5V4l5-1.5v11M7.5 6l6 1.5v6M2 13.5h12M4.7 6.5h.6M4.7 9.5h.6M10.2 10h.8',
  letters: 'M2.5 4.5h11v8h-11zM2.5 5l5.5 4 5.5-4',
  jobs: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 2v3h-3',
  system: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  keys: 'M9.8 9.2a3.4 3.4 0 1 0-3-3L2.5 10.5v3h3v-2h2v-2zM10.5 5.5h.01',
  log: 'M4 2.5h6l2.5 2.5v8.5H4zM6 7h4.5M6 9.5h4.5M6 12h2.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'm3.5 8.5 3 3 6-7',
  close: 'm4 4 8 8M12 4l-8 8',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  chevron: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  right: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  up: 'M8 13V3M4 7l4-4 4 4',
  plus: 'M8 3v10M3 8h10',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.3v9.4L12.5 8z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  external: 'M6.5 3.5h-3v9h9v-3M9.5 2.5h4v4M13 3 7.5 8.5',
  alert: 'M8 2.3 14.2 13H1.8zM8 6.5v3M8 11.3h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3v3.4M8 5.2h.01',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  user: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5c.6-2.6 2.6-4 5-4s4.4 1.4 5 4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3.2l2 1.3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3',
} as const;

export type IconName = keyof typeof paths;

/** Decoration beside words: assistive technology does not see it. */
export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg
    aria-hidden="true"
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth={name === 'more' ? 2.2 : 1.4}
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    <path d={paths[name]} />
  </svg>
);
