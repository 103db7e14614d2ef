drop index outbox_by_state;
create index outbox_by_state on outbox (state, posted_at, id);
-- What the retries are counted from: the first try, or since when it waits for one.
alter table outbox add column due_since {time} not null default '1970-01-01T00:00:00+00:00';
update outbox set due_since = posted_at;
create index outbox_by_due on outbox (state, due_since);
create index outbox_by_posting on outbox (posted_at, id);
create index outbox_by_lease on outbox (lease_until) where lease_until is not null;
create index task_run_by_time on task_run (started_at);

create table post_pause (
  id integer primary key check (id = 1),
  since {time} not null,
  by_name text not null,
  why text not null check (why <> '')
{table_end};
