-- A lead can be erased before any of its steps was applied: of such a tombstone only the ids are known.
alter table leads alter column mode drop not null;
