create table year_published (
  year text primary key check (year like '____-__'),
  published_at {time} not null,
  tables text not null,
  hash {bytes} not null
{table_end};
