-- How many mails an organization had accepted on a day (UTC): the addresses are its own choice, and unverified, so what it
-- can make us send is bounded.
create table mail_days (
  organization_id  uuid not null,
  day              date not null default (now() at time zone 'utc')::date,
  mails            integer not null check (mails > 0),
  primary key (organization_id, day)
);
