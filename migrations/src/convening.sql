alter table conference add column link text;

alter table conference add column minutes integer not null default 90 check (minutes between 5 and 600);

alter table conference add column calendar_id {uuid};

alter table conference add column calendar_sequence integer not null default 0;

alter table contact add column telephone text;

alter table invitation add column report_promised {flag} not null default false;

alter table invitation add column announced_deputy {bytes};

create table invitation_message (
  id {uuid} primary key,
  invitation_id {uuid} not null references invitation (id),
  kind text not null check (kind in ('invitation', 'invitation_changed', 'invitation_cancelled', 'answer_wanted', 'report_wanted', 'answer_nudge', 'report_nudge')),
  step integer not null,
  address text,
  link_hash {bytes} unique,
  made_at {time} not null,
  unique (invitation_id, kind, step)
{table_end};
