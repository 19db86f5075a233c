-- Which migrations leave a schema that older builds must not run on. Such a migration says so itself, in its own
-- transaction: insert into schema_breaks values ('0007-its-own-name'). An older build does not have that file, but it
-- finds the row, and refuses to start; without one it runs on a newer schema, so that builds can be rolled out one by one.
create table schema_breaks (
  migration  text primary key
);
