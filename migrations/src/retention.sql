create table legal_hold (
  id {uuid} primary key,
  conference_id {uuid} references conference (id),
  child_key {bytes},
  child {bytes},
  why {bytes} not null,
  placed_by text not null,
  placed_at {time} not null,
  ended_by text,
  ended_at {time},
  check ((conference_id is null) <> (child_key is null)),
  check ((child_key is null) = (child is null)),
  check ((ended_by is null) = (ended_at is null))
{table_end};

create table destruction (
  id {uuid} primary key,
  at {time} not null,
  by_name text not null,
  period text not null,
  class text not null check (class in ('register', 'audit_text', 'mail_text', 'task_runs')),
  until_day {date} not null,
  destroyed {bigint} not null,
  held {bigint} not null
{table_end};

create index destruction_by_time on destruction (at);

alter table conference add column erased_at {time};

alter table conference add column erased_key {bytes};

create index conference_by_erased_key on conference (erased_key) where erased_key is not null;

create index conference_to_erase on conference (conference_date) where erased_at is null;
