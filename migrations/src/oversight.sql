create table task_seen (
  task text primary key,
  since {time} not null,
  at {time} not null
{table_end};

create table finding (
  id {uuid} primary key,
  kind text not null check (kind in ('absence_without_feedback', 'letter_without_absence', 'item_without_message', 'step_late', 'step_undecided', 'message_stuck', 'task_late')),
  object text not null,
  conference_id {uuid} references conference (id),
  found_at {time} not null,
  told_at {time},
  gone_at {time}
{table_end};

create unique index finding_open on finding (kind, object) where gone_at is null;

create index finding_by_time on finding (found_at);

alter table outbox add column template text;

alter table outbox add column bounced_at {time};

alter table outbox add column bounce_status text;

alter table outbox add column digest_id {uuid};

create index outbox_by_digest on outbox (digest_id) where digest_id is not null;
