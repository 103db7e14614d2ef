delete from session;

create table account_anew (
  id {uuid} primary key,
  email text not null unique check (email like '%_@_%'),
  name text not null check (name <> ''),
  role text not null check (role in ('administrator', 'chair', 'qa_manager', 'paqa_member', 'system_administrator', 'auditor')),
  chair_id {uuid} references chair (id),
  password_hash text not null,
  created_at {time} not null,
  disabled_at {time},
  failures integer not null,
  locked_until {time},
  check ((role = 'chair') = (chair_id is not null))
{table_end};

insert into account_anew select * from account;

drop table account;

alter table account_anew rename to account;
