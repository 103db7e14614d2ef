create table ladder_step (
  id {uuid} primary key,
  rung integer not null check (rung between 2 and 4),
  reason text not null check (reason in ('no_reply', 'severity', 'running', 'pattern', 'plan_ends', 'still_open')),
  invitation_id {uuid} not null references invitation (id),
  ladder_version text not null,
  state text not null check (state in ('proposed', 'approved', 'to_telephone', 'declined', 'stopped', 'answered')),
  proposed_at {time} not null,
  decided_by text,
  decided_at {time},
  declined_because text check (declined_because in ('in_touch', 'understood', 'ours', 'elsewhere')),
  ended_at {time},
  ended_because text check (ended_because in ('replied', 'record_changed', 'restricted')),
  check ((state = 'declined') = (declined_because is not null)),
  check ((state in ('approved', 'to_telephone', 'declined')) <= (decided_at is not null)),
  check ((ended_at is null) = (ended_because is null))
{table_end};

create index ladder_step_by_state on ladder_step (state, proposed_at);

create index ladder_step_by_time on ladder_step (proposed_at);

create index ladder_step_by_invitation on ladder_step (invitation_id);

create table ladder_cause (
  rung integer not null,
  invitation_id {uuid} not null references invitation (id),
  step_id {uuid} not null references ladder_step (id),
  primary key (rung, invitation_id)
{table_end};

create index ladder_cause_by_step on ladder_cause (step_id);

create index ladder_cause_by_invitation on ladder_cause (invitation_id);

create index feedback_by_time on feedback (made_at);
