alter table audit_head add column seal {bytes};

create index audit_entry_by_time on audit_entry (at);

create index audit_entry_by_actor on audit_entry (actor, number);

create index audit_entry_by_object on audit_entry (object, number);

create index audit_entry_by_action on audit_entry (action, number);
