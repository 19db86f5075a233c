import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, type Schemas, unwrap } from '../../api/client.ts';
import { organizationQuery } from '../../api/queries.ts';
import { useAction, useMayChange } from '../../app/action.ts';
import { Button } from '../../components/button.tsx';
import { Field, Input } from '../../components/field.tsx';
import { Card, Loaded } from '../../components/page.tsx';

export function OrganizationForm({ organizationId }: { organizationId: string }) {
  const query = useQuery(organizationQuery(organizationId));
  return (
    <Card title="Organization">
      <Loaded query={query} rows={3}>
        {(organization) => <Form key={organization.updated_at} organization={organization} />}
      </Loaded>
    </Card>
  );
}

const addresses = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((address) => address.trim())
    .filter((address) => address !== '');

function Form({ organization }: { organization: Schemas['Organization'] }) {
  const [name, setName] = useState(organization.name ?? '');
  const [notify, setNotify] = useState(organization.notify.join('\n'));
  const mayChange = useMayChange();
  const save = useAction({
    run: () =>
      unwrap(
        api.PUT('/v1/organizations/{organizationId}', {
          params: { path: { organizationId: organization.id } },
          body: { name: name === '' ? null : name, notify: addresses(notify) },
        }),
      ),
    refresh: [organization.id, 'organization'],
    done: 'Saved',
    failed: 'Not saved',
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="Name">
        <Input
          className="input"
          value={name}
          maxLength={200}
          readOnly={!mayChange}
          onChange={(e) => setName(e.target.value)}
        />
      </Field>
      <Field label="Mails about failing endpoints go to" hint="One address a line.">
        <Input
          render={<textarea rows={3} />}
          className="textarea"
          value={notify}
          readOnly={!mayChange}
          onChange={(e) => setNotify(e.target.value)}
        />
      </Field>
      {mayChange && (
        <div>
          <Button type="submit" disabled={save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}
