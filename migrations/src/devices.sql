create table known_device (
  id {bytes} not null primary key,
  account_id {uuid} not null references account (id),
  failures integer not null,
  locked_until {time},
  seen_at {time} not null
{table_end};

create index known_device_by_account on known_device (account_id);

create index known_device_by_time on known_device (seen_at);
