create table improvement_action (
  id {uuid} primary key,
  agency_id {uuid} references agency (id),
  measure text not null,
  raised_from text not null check (raised_from like '____-__'),
  because {bytes},
  objective {bytes} not null,
  action {bytes} not null,
  input {bytes} not null,
  desired_outcome {bytes} not null,
  lead {bytes} not null,
  lead_email text,
  due {date} not null,
  raised_by text not null,
  raised_at {time} not null
{table_end};

create table improvement_review (
  id {uuid} primary key,
  action_id {uuid} not null references improvement_action (id),
  progress text not null check (progress in ('green', 'amber', 'red', 'done', 'withdrawn')),
  words {bytes} not null,
  due {date} not null,
  by_name text not null,
  at {time} not null
{table_end};

create index improvement_review_of_action on improvement_review (action_id, at);
