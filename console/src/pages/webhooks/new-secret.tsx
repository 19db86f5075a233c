import { Code } from '../../components/code.tsx';
import { Notice } from '../../components/page.tsx';
import { Snippets } from './snippets.tsx';

/** A secret that is shown this once, and how to verify with it. */
export const NewSecret = ({ secret }: { secret: string }) => (
  <div className="stack">
    <Notice tone="warn">
      This is the signing secret. It is shown <strong>once</strong>: store it where your receiver finds it, for example
      as <code>SPARK360_WEBHOOK_SECRET</code>. A lost one is replaced by a rotation.
    </Notice>
    <Code title="Signing secret" text={secret} wrap />
    <Snippets />
  </div>
);
