-- The transactional outbox (docs/outbox.md). Apply this file to the database in which the backend writes its leads; it can
-- be applied again at any time. PostgreSQL 14 or newer. In our own database the migrate role applies it.
--
-- The backend writes `select spark360.publish(event)` in the transaction of its own data, or inserts into spark360.outbox.
-- No content of an event can make that transaction fail: every jsonb is stored, and the relay judges it after the commit.
create schema if not exists spark360;

create table if not exists spark360.outbox (
  id           bigint generated always as identity primary key,
  event        jsonb not null,
  -- What rows are ordered by, as src/domain/ids.ts names it. A row that does not say its ids is alone with its number.
  subject      text not null generated always as (
    case
      when event #>> '{event}' like 'widget.%'
       and lower(event #>> '{data,object,referenceId}') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
      then 'widget/' || lower(event #>> '{data,object,referenceId}')
      when event #>> '{event}' not like 'widget.%'
       and lower(event #>> '{data,object,referenceId}') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
       and lower(event #>> '{data,object,leadId}') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
      then 'lead/' || lower(event #>> '{data,object,referenceId}') || '/' || lower(event #>> '{data,object,leadId}')
      else 'malformed/' || id
    end) stored,
  created_at   timestamptz not null default clock_timestamp(),
  -- Of a row that could not be relayed though all parts are well: how often, why, and when it is tried again. It holds
  -- back its own lead or widget, and nothing else.
  attempts     integer not null default 0,
  last_error   text,
  next_try_at  timestamptz,
  done_at      timestamptz,
  outcome      text check (outcome in ('signalled', 'duplicate', 'dead_letter'))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
create index if not exists outbox_pending_by_age on spark360.outbox (created_at) where done_at is null;
-- A relay claims a shard of 16 and reads its rows by id.
create index if not exists outbox_pending_by_shard on spark360.outbox ((hashtext(subject) & 15), id) where done_at is null;
create index if not exists outbox_pending_by_subject on spark360.outbox (subject, id) where done_at is null;
create index if not exists outbox_failed on spark360.outbox (id) where done_at is null and attempts > 0;
create index if not exists outbox_done on spark360.outbox (done_at) where done_at is not null;

-- What can never be relayed as it is. `issues` says where and what: [{"path": "data.object.addressInfo.zip", "message": "expected string"}].
create table if not exists spark360.outbox_dead_letters (
  id            bigint generated always as identity primary key,
  outbox_id     bigint not null unique,
  subject       text not null,
  event         jsonb not null,
  reason        text not null check (reason in ('malformed', 'conflict', 'unknown_organization', 'set_aside')),
  issues        jsonb not null default '[]',
  published_at  timestamptz not null,
  created_at    timestamptz not null default now(),
  replayed_at   timestamptz,
  replayed_as   bigint
);
create index if not exists outbox_dead_letters_open on spark360.outbox_dead_letters (id) where replayed_at is null;

-- Rows that hold back their lead or widget, and how many wait behind each.
create or replace view spark360.outbox_stuck as
  select o.id, o.subject, o.attempts, o.last_error, o.next_try_at, o.created_at,
         (select count(*) from spark360.outbox w where w.subject = o.subject and w.done_at is null and w.id > o.id) as waiting_behind
    from spark360.outbox o
   where o.done_at is null and o.attempts > 0;

-- Stores one event in the caller's transaction and gives its row's id. With the rights of its owner, so that a backend
-- needs no more than to execute it.
create or replace function spark360.publish(event jsonb) returns bigint
language sql security definer set search_path = '' as $$
  insert into spark360.outbox (event) values (coalesce(publish.event, 'null'::jsonb)) returning id
$$;

-- Puts a dead letter, or `fixed` in its place, into the outbox again and gives the new row's id. A second call changes
-- nothing and gives the same id.
create or replace function spark360.replay(dead_letter_id bigint, fixed jsonb default null) returns bigint
language plpgsql set search_path = '' as $$
declare
  letter spark360.outbox_dead_letters;
begin
  select * into letter from spark360.outbox_dead_letters where id = dead_letter_id for update;
  if not found then
    raise exception 'there is no dead letter %', dead_letter_id using errcode = 'no_data_found';
  end if;
  if letter.replayed_as is not null then
    return letter.replayed_as;
  end if;
  insert into spark360.outbox (event) values (coalesce(fixed, letter.event)) returning id into letter.replayed_as;
  update spark360.outbox_dead_letters set replayed_at = now(), replayed_as = letter.replayed_as where id = dead_letter_id;
  return letter.replayed_as;
end
$$;

-- Moves a row that holds back its lead to the dead letters and gives the dead letter's id, so that the rows behind it go on.
create or replace function spark360.set_aside(outbox_id bigint) returns bigint
language sql set search_path = '' as $$
  with moved as (
    update spark360.outbox o set done_at = now(), outcome = 'dead_letter', next_try_at = null
     where o.id = set_aside.outbox_id and o.done_at is null
    returning o.id, o.subject, o.event, o.created_at
  )
  insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, published_at)
  select m.id, m.subject, m.event, 'set_aside', m.created_at from moved m
  returning id
$$;

-- Notifies the relays. A notification to a full queue would fail the transaction at its commit, so none is sent while a
-- listener has stopped reading: the relays also look by themselves.
create or replace function spark360.notify_relays() returns trigger
language plpgsql as $$
begin
  if pg_notification_queue_usage() < 0.5 then
    perform pg_notify('spark360_outbox', '');
  end if;
  return null;
end
$$;
create or replace trigger notify_relays after insert on spark360.outbox
  for each statement execute function spark360.notify_relays();
