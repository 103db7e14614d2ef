create table period_close (
  period text primary key check (period like '____-__-q_' or period like '____-__-year'),
  closed_at {time} not null,
  definitions text not null,
  snapshot text not null,
  hash {bytes} not null
{table_end};
