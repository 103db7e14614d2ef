create table key_check (
  id integer primary key check (id = 1),
  sealed {bytes} not null
{table_end};

create table bank_holiday_change (
  date {date} primary key,
  is_holiday {flag} not null,
  name text not null
{table_end};

insert into bank_holiday_change (date, is_holiday, name) values
  ('2011-04-29', true, 'Royal wedding'),
  ('2012-05-28', false, 'Spring bank holiday, moved'),
  ('2012-06-04', true, 'Spring bank holiday, moved'),
  ('2012-06-05', true, 'Diamond Jubilee'),
  ('2020-05-04', false, 'Early May bank holiday, moved'),
  ('2020-05-08', true, 'Early May bank holiday, VE day'),
  ('2022-05-30', false, 'Spring bank holiday, moved'),
  ('2022-06-02', true, 'Spring bank holiday, moved'),
  ('2022-06-03', true, 'Platinum Jubilee'),
  ('2022-09-19', true, 'State funeral of Queen Elizabeth II'),
  ('2023-05-08', true, 'Coronation of King Charles III');

create table agency (
  id {uuid} primary key,
  code text not null unique check (code <> ''),
  name text not null check (name <> ''),
  agency_group text not null,
  valid_from {date},
  valid_to {date},
  successor_id {uuid} references agency (id),
  check (valid_from is null or valid_to is null or valid_from <= valid_to),
  check (successor_id is null or successor_id <> id)
{table_end};

create table service (
  id {uuid} primary key,
  agency_id {uuid} not null references agency (id),
  name text not null check (name <> ''),
  unique (agency_id, name)
{table_end};

create table contact (
  id {uuid} primary key,
  agency_id {uuid} not null references agency (id),
  service_id {uuid} references service (id),
  name text not null,
  role text not null,
  email text not null check (email like '%_@_%'),
  is_safeguarding_lead {flag} not null,
  valid_from {date},
  valid_to {date},
  verified_on {date},
  bounced_at {time}
{table_end};
create unique index contact_of_service on contact (service_id, email, role) where service_id is not null;
create unique index contact_of_agency on contact (agency_id, email, role) where service_id is null;
create index contact_by_agency on contact (agency_id);

create table chair (
  id {uuid} primary key,
  name text not null unique check (name <> '')
{table_end};

create table quorum_rule (
  version integer primary key,
  valid_from {date} not null unique,
  minimum_others integer not null check (minimum_others >= 0),
  unit text not null check (unit in ('agency_group', 'agency', 'service')),
  all_health_is_one {flag} not null,
  must_haves text not null,
  source text not null
{table_end};

insert into quorum_rule (version, valid_from, minimum_others, unit, all_health_is_one, must_haves, source) values
  (1, '2000-01-01', 2, 'agency_group', false, '[]', 'Swindon and Pan-Sussex procedures: social care and at least two other agencies');

create table conference (
  id {uuid} primary key,
  reference text not null unique check (length(reference) = 9),
  conference_ref text not null unique check (conference_ref <> ''),
  kind text not null check (kind in ('initial', 'pre_birth', 'transfer_in', 'first_review', 'review', 'reconvened')),
  status text not null check (status in ('scheduled', 'held', 'adjourned', 'cancelled')),
  adjournment_reason text check (adjournment_reason in ('inquorate', 'agency_or_report_missing', 'family', 'interpreter', 'new_information', 'other')),
  conference_date {date} not null,
  starts_at {time} not null,
  decision_at {time},
  locality text not null check (locality in ('north', 'central', 'south')),
  mode text not null check (mode in ('room', 'video', 'hybrid')),
  place text,
  chair_id {uuid} not null references chair (id),
  strategy_discussion_on {date},
  moved_to_id {uuid} references conference (id),
  restricted {flag} not null,
  proceeded_reason text check (proceeded_reason in ('pre_birth', 'few_agencies_involved', 'information_sufficient', 'delay_harmful', 'looked_after', 'local_difficulty')),
  version integer not null,
  from_file text,
  check ((status = 'adjourned') = (adjournment_reason is not null)),
  check (decision_at is null or decision_at >= starts_at),
  check (status <> 'cancelled' or decision_at is null),
  check (strategy_discussion_on is null or strategy_discussion_on <= conference_date)
{table_end};
create index conference_by_date on conference (conference_date);
create index conference_by_chair on conference (chair_id, conference_date);

create table conference_child (
  id {uuid} primary key,
  conference_id {uuid} not null references conference (id),
  child {bytes} not null,
  child_key {bytes} not null,
  category text not null check (category in ('NEG', 'PHY', 'SAB', 'EMO', 'MUL')),
  decision text,
  plan_end_reason {bytes},
  decision_from_file text,
  unique (conference_id, child_key)
{table_end};
create index conference_child_by_child on conference_child (child_key);

create table invitation (
  id {uuid} primary key,
  conference_id {uuid} not null references conference (id),
  service_id {uuid} not null references service (id),
  role text not null,
  necessity text not null check (necessity in ('core', 'expected', 'information_only')),
  walk_in {flag} not null,
  contact_email text,
  invited_on {date},
  delivery text not null check (delivery in ('sent', 'bounced', 'not_sent')),
  response text not null check (response in ('accepted', 'apologies', 'deputy', 'none')),
  responded_on {date},
  attendance text check (attendance in ('in_person', 'video', 'phone', 'absent')),
  by_deputy {flag} not null,
  deputy {bytes},
  joined_at {time},
  left_at {time},
  report text not null check (report in ('on_time', 'late', 'tabled', 'nil_return', 'none', 'not_required')),
  report_received_on {date},
  absence_reason text,
  excused text check (excused in ('excluded_by_chair', 'no_longer_involved')),
  view text check (view in ('agree', 'disagree', 'abstain', 'not_asked')),
  recorded_by text,
  recorded_at {time},
  from_file text,
  unique (conference_id, service_id, role),
  check (not by_deputy or (attendance is not null and attendance <> 'absent')),
  check ((joined_at is null and left_at is null) or (attendance is not null and attendance <> 'absent')),
  check (joined_at is null or left_at is null or joined_at <= left_at),
  check (report_received_on is null or report not in ('none', 'not_required'))
{table_end};
create index invitation_by_service on invitation (service_id);

create table invitation_child (
  invitation_id {uuid} not null references invitation (id),
  child_id {uuid} not null references conference_child (id),
  primary key (invitation_id, child_id)
{table_end};

create table account (
  id {uuid} primary key,
  email text not null unique check (email like '%_@_%'),
  name text not null check (name <> ''),
  role text not null check (role in ('administrator', 'chair', 'qa_manager', 'paqa_member')),
  chair_id {uuid} references chair (id),
  password_hash text not null,
  created_at {time} not null,
  disabled_at {time},
  failures integer not null,
  locked_until {time},
  check ((role = 'chair') = (chair_id is not null))
{table_end};

create table session (
  id {bytes} primary key,
  account_id {uuid} references account (id),
  data {bytes} not null,
  expires_at {time} not null
{table_end};
create index session_by_expiry on session (expires_at);
create index session_by_account on session (account_id);

create table register (
  conference_id {uuid} primary key references conference (id),
  confirmed_at {time} not null,
  confirmed_by text not null,
  source text not null check (source in ('here', 'file')),
  quorum_rule_version integer not null references quorum_rule (version),
  feedback text not null check (feedback in ('wanted', 'made', 'history', 'not_asked_for'))
{table_end};
create index register_by_feedback on register (feedback, confirmed_at);

create table amendment (
  id {uuid} primary key,
  conference_id {uuid} not null references register (conference_id),
  invitation_id {uuid} references invitation (id),
  child_id {uuid} references conference_child (id),
  field text not null,
  before {bytes},
  after {bytes},
  why {bytes} not null,
  source text not null check (source in ('here', 'file')),
  by_name text not null,
  at {time} not null
{table_end};
create index amendment_by_conference on amendment (conference_id, at);

create table feedback (
  id {uuid} primary key,
  invitation_id {uuid} not null references invitation (id),
  kind text not null check (kind in ('absence', 'correction')),
  version integer not null check (version >= 1),
  wording text not null,
  basis text not null,
  state text not null check (state in ('posted', 'to_telephone', 'telephoned', 'overtaken')),
  made_at {time} not null,
  unique (invitation_id, kind, version)
{table_end};
create index feedback_by_state on feedback (state);

create table outbox (
  id {uuid} primary key,
  kind text not null,
  about_id {uuid} not null references feedback (id),
  recipient text not null,
  message_id text not null unique,
  message {bytes} not null,
  state text not null check (state in ('waiting', 'sending', 'sent', 'failed', 'cancelled')),
  attempts integer not null,
  due_at {time} not null,
  posted_at {time} not null,
  sent_at {time},
  lease {uuid},
  lease_until {time},
  may_have_been_delivered {flag} not null,
  last_error text,
  unique (about_id, recipient),
  check ((state = 'sending') = (lease is not null)),
  check ((state = 'sent') = (sent_at is not null))
{table_end};
create index outbox_by_state on outbox (state, due_at);

create table task_run (
  id {uuid} primary key,
  task text not null,
  due_at {time} not null,
  started_at {time} not null,
  finished_at {time},
  outcome text not null check (outcome in ('running', 'done', 'failed')),
  said text not null,
  unique (task, due_at)
{table_end};

create table audit_payload (
  id {uuid} primary key,
  salt {bytes} not null,
  payload {bytes} not null
{table_end};

create table audit_entry (
  number {bigint} primary key,
  at {time} not null,
  actor text not null,
  role text not null,
  action text not null,
  object text not null,
  payload_id {uuid} not null,
  payload_digest {bytes} not null,
  previous {bytes} not null,
  hash {bytes} not null unique
{table_end};

create table audit_head (
  id integer primary key check (id = 1),
  number {bigint} not null,
  hash {bytes} not null
{table_end};

insert into audit_head (id, number, hash) values (1, 0, {genesis});
