-- Until when a process has said that it is at a run, and how often the run was begun.
alter table task_run add column held_until {time};
alter table task_run add column attempts integer not null default 1;
-- It waits for the mail server and not for its own next try; and how many processes ended while they sent it.
alter table outbox add column held_up {flag} not null default false;
alter table outbox add column abandoned integer not null default 0;
-- The month asks for what was done with the ladder's steps since it began.
create index ladder_step_by_decision on ladder_step (decided_at);
create index ladder_step_by_end on ladder_step (ended_at);
-- A digest that was not sent carries nothing any more, not even what was cancelled in it.
update outbox set digest_id = null where state <> 'sent' and digest_id in (select id from outbox where state in ('failed', 'cancelled'));
