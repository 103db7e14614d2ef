create table outbox_anew (
  id {uuid} primary key,
  kind text not null,
  about_id {uuid} not null,
  recipient text not null,
  message_id text not null unique,
  message {bytes} not null,
  state text not null check (state in ('waiting', 'sending', 'sent', 'failed', 'cancelled')),
  attempts integer not null,
  due_at {time} not null,
  posted_at {time} not null,
  sent_at {time},
  lease {uuid},
  lease_until {time},
  may_have_been_delivered {flag} not null,
  last_error text,
  due_since {time} not null,
  is_notice {flag} not null default false,
  unique (about_id, recipient, kind),
  check ((state = 'sending') = (lease is not null)),
  check ((state = 'sent') = (sent_at is not null))
{table_end};

insert into outbox_anew select * from outbox;

drop table outbox;

alter table outbox_anew rename to outbox;

create index outbox_by_state on outbox (state, posted_at, id);

create index outbox_by_due on outbox (state, due_since);

create index outbox_by_posting on outbox (posted_at, id);

create index outbox_by_lease on outbox (lease_until) where lease_until is not null;
