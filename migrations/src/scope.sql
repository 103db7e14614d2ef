create table conference_named (
  id {uuid} primary key,
  conference_id {uuid} not null references conference (id),
  account_id {uuid} not null references account (id),
  named_by text not null,
  named_at {time} not null,
  until {time},
  why {bytes},
  check ((until is null) = (why is null))
{table_end};

create unique index conference_named_once on conference_named (conference_id, account_id) where until is null;

create index conference_named_by_account on conference_named (account_id, conference_id);

create table chair_cover (
  id {uuid} primary key,
  chair_id {uuid} not null references chair (id),
  account_id {uuid} not null references account (id),
  from_day {date} not null,
  until_day {date} not null,
  granted_by text not null,
  granted_at {time} not null,
  check (until_day >= from_day)
{table_end};

create index chair_cover_by_account on chair_cover (account_id, chair_id);

create table account_service (
  account_id {uuid} not null references account (id),
  service_id {uuid} not null references service (id),
  primary key (account_id, service_id)
{table_end};

create table account_agency (
  account_id {uuid} not null references account (id),
  agency_id {uuid} not null references agency (id),
  primary key (account_id, agency_id)
{table_end};

create index conference_restricted on conference (id) where restricted;
