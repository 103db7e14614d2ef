alter table account add column provider_subject text;

create unique index account_by_provider_subject on account (provider_subject) where provider_subject is not null;

alter table session add column provider_session text;

create index session_by_provider on session (provider_session) where provider_session is not null;

create table provider_token_seen (
  id text not null primary key,
  until {time} not null
{table_end};

create table kept_form (
  account_id {uuid} not null primary key references account (id),
  id {bytes} not null unique,
  kept text not null,
  until {time} not null
{table_end};
