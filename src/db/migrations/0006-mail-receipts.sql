-- Ledger: whom each mail reached, or who refused it for good. Temporal forgets a closed workflow and with it the id that
-- makes a notice once per episode; and a mail that some recipients have and others still wait for goes to those alone.
-- Addresses are kept as SHA-256: enough to know one again.
create table mail_receipts (
  mail_id     text not null,
  recipient   bytea not null,
  outcome     text not null check (outcome in ('accepted', 'refused')),
  settled_at  timestamptz not null default now(),
  primary key (mail_id, recipient)
);
