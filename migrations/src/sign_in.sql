alter table account add column second_factor {bytes};

alter table account add column second_factor_step {bigint};

alter table session add column stage text not null default 'whole' check (stage in ('second_factor', 'set_up', 'whole'));

create table recovery_code (
  hash {bytes} not null primary key,
  account_id {uuid} not null references account (id)
{table_end};

create index recovery_code_by_account on recovery_code (account_id);

create table account_link (
  hash {bytes} not null primary key,
  account_id {uuid} references account (id),
  made_at {time} not null,
  expires_at {time} not null
{table_end};

create index account_link_by_account on account_link (account_id);
