alter table invitation add column attendance_only {flag} not null default false;

create table tracker_meaning (
  name text not null primary key,
  means text not null,
  by_name text not null,
  at {time} not null
{table_end};
