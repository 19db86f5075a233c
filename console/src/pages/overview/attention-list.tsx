import type { ReactNode } from 'react';
import { Badge } from '../../components/badge.tsx';
import { Card, Empty, Loading, type Tone } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';

export interface AttentionLine {
  key: string;
  badge: string;
  tone: Tone;
  link: ReactNode;
  /** Whose it is, where more than one organization is shown. */
  owner?: string | undefined;
  since: string | null;
}

interface Props {
  lines: AttentionLine[];
  nothing: string;
  /** False: something is not checked yet, so there may be more lines. */
  isComplete?: boolean;
}

/** What needs somebody now; each line leads to where it can be mended. */
export const AttentionList = ({ lines, nothing, isComplete = true }: Props) => (
  <Card title="Needs attention" flush>
    {lines.length === 0 && !isComplete ? (
      <Loading rows={2} />
    ) : lines.length === 0 ? (
      <Empty icon="check" title="Nothing needs attention">
        {nothing}
      </Empty>
    ) : (
      <ul className="attention">
        {lines.map(({ key, badge, tone, link, owner, since }) => (
          <li key={key}>
            <span className="badge-column">
              <Badge tone={tone}>{badge}</Badge>
            </span>
            <span className="grow wrap-anywhere">
              {link}
              {owner !== undefined && <span className="muted"> · {owner}</span>}
            </span>
            <span className="small muted">
              <Ago at={since} />
            </span>
          </li>
        ))}
      </ul>
    )}
  </Card>
);
