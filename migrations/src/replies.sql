create table feedback_link (
  hash {bytes} primary key,
  feedback_id {uuid} not null references feedback (id),
  address text,
  made_at {time} not null
{table_end};

create index feedback_link_by_item on feedback_link (feedback_id);

create table reply (
  id {uuid} primary key,
  feedback_id {uuid} not null references feedback (id),
  invitation_id {uuid} not null references invitation (id),
  kind text not null check (kind in ('acknowledged', 'explained', 'nominated', 'disputed')),
  ground text check (ground in ('not_invited', 'late_notice', 'wrong_contact', 'we_attended', 'deputy_attended', 'report_sent', 'not_involved', 'cancelled')),
  reason text,
  who {bytes},
  words {bytes},
  prevention {bytes},
  nominee {bytes},
  address text,
  made_at {time} not null,
  state text not null check (state in ('kept', 'open', 'upheld', 'not_upheld', 'confirmed', 'declined')),
  answer {bytes},
  settled_by text,
  settled_at {time},
  check ((kind = 'disputed') = (ground is not null)),
  check ((state in ('kept', 'open')) = (settled_at is null))
{table_end};

create index reply_by_item on reply (feedback_id);

create index reply_by_invitation on reply (invitation_id, made_at);

create index reply_by_time on reply (made_at);

create index reply_by_state on reply (state, made_at);
