create table month_close (
  month text primary key check (month like '____-__'),
  closed_at {time} not null,
  definitions text not null,
  snapshot text not null,
  hash {bytes} not null,
  known text not null,
  approved_by text,
  approved_at {time},
  check ((approved_by is null) = (approved_at is null))
{table_end};

create table month_restated (
  closing text not null references month_close (month),
  month text not null references month_close (month),
  known text not null,
  figures text not null,
  primary key (closing, month)
{table_end};

create index register_by_time on register (confirmed_at);

create index amendment_by_time on amendment (at);

alter table ladder_step add column spoken_with text;
