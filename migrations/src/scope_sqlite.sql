delete from session;

delete from account_link;

create table recovery_code_kept as select * from recovery_code;

delete from recovery_code;

create table account_anew (
  id {uuid} primary key,
  email text not null unique check (email like '%_@_%'),
  name text not null check (name <> ''),
  role text not null check (role in ('administrator', 'chair', 'qa_manager', 'paqa_member', 'agency_lead', 'system_administrator', 'auditor')),
  chair_id {uuid} references chair (id),
  password_hash text not null,
  created_at {time} not null,
  disabled_at {time},
  failures integer not null,
  locked_until {time},
  second_factor {bytes},
  second_factor_step {bigint},
  check ((role = 'chair') = (chair_id is not null))
{table_end};

insert into account_anew select * from account;

drop table account;

alter table account_anew rename to account;

insert into recovery_code select * from recovery_code_kept;

drop table recovery_code_kept;

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
  unique (about_id, recipient),
  check ((state = 'sending') = (lease is not null)),
  check ((state = 'sent') = (sent_at is not null))
{table_end};

insert into outbox_anew select *, false from outbox;

drop table outbox;

alter table outbox_anew rename to outbox;

create index outbox_by_state on outbox (state, posted_at, id);

create index outbox_by_due on outbox (state, due_since);

create index outbox_by_posting on outbox (posted_at, id);

create index outbox_by_lease on outbox (lease_until) where lease_until is not null;

create table feedback_anew (
  id {uuid} primary key,
  invitation_id {uuid} not null references invitation (id),
  kind text not null check (kind in ('absence', 'correction')),
  version integer not null check (version >= 1),
  wording text not null,
  basis text not null,
  state text not null check (state in ('posted', 'to_telephone', 'telephoned', 'overtaken', 'withheld')),
  made_at {time} not null,
  released_by text,
  unique (invitation_id, kind, version)
{table_end};

insert into feedback_anew select *, null from feedback;

drop table feedback;

alter table feedback_anew rename to feedback;

create index feedback_by_state on feedback (state);
