import { Notice } from '../../components/page.tsx';
import { ShownOnce } from '../../components/shown-once.tsx';
import { Snippets } from './snippets.tsx';

/** A signing secret that is shown this once, and how to verify with it. */
export const NewSecret = ({ title, secret, onClose }: { title: string; secret: string; onClose: () => void }) => (
  <ShownOnce
    title={title}
    label="Signing secret"
    text={secret}
    done="I have stored the secret"
    onClose={onClose}
    above={
      <Notice tone="warn">
        This is the signing secret. It is shown <strong>once</strong>: store it where your receiver finds it, for
        example as <code>SPARK360_WEBHOOK_SECRET</code>. A lost one is replaced by a rotation.
      </Notice>
    }
    below={<Snippets />}
  />
);
