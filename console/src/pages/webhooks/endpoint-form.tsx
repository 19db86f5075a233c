import { useQuery } from '@tanstack/react-query';
import { type ApiProblem, messageFor } from '../../api/client.ts';
import { eventTypesQuery } from '../../api/delivery-queries.ts';
import { Checkbox, Field, Input } from '../../components/field.tsx';
import { InlineCode } from '../../components/inline-code.tsx';

export interface EndpointDraft {
  url: string;
  description: string;
  events: string[];
}

interface Props {
  draft: EndpointDraft;
  onChange: (draft: EndpointDraft) => void;
  problem: ApiProblem | null;
}

/** Why it cannot be deselected. */
const lockedWords = 'Always sent: it is the lead itself, and what every other event refers to.';

/** What can be said of an endpoint when it is made and later. */
export function EndpointForm({ draft, onChange, problem }: Props) {
  const { data } = useQuery(eventTypesQuery());
  const choose = (name: string, chosen: boolean) =>
    onChange({ ...draft, events: chosen ? [...draft.events, name] : draft.events.filter((event) => event !== name) });
  return (
    <div className="stack">
      <Field
        label="URL"
        hint="https only, at a public address. Redirects are not followed."
        error={messageFor(problem, 'url')}
      >
        <Input
          className="input"
          type="url"
          inputMode="url"
          placeholder="https://crm.example.com/webhooks/spark360"
          value={draft.url}
          onChange={(event) => onChange({ ...draft, url: event.target.value })}
        />
      </Field>
      <Field label="Description" hint="For people; optional." error={messageFor(problem, 'description')}>
        <Input
          className="input"
          value={draft.description}
          maxLength={500}
          onChange={(event) => onChange({ ...draft, description: event.target.value })}
        />
      </Field>
      <fieldset className="fieldset">
        <legend className="field-label">Events</legend>
        {data?.data.map(({ name, description, availability }) => (
          <Checkbox
            key={name}
            label={<code>{name}</code>}
            hint={<InlineCode text={availability === 'required' ? `${description} ${lockedWords}` : description} />}
            checked={availability === 'required' || draft.events.includes(name)}
            disabled={availability === 'required'}
            onChange={(checked) => choose(name, checked)}
          />
        ))}
      </fieldset>
    </div>
  );
}
