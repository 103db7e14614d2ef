alter table invitation add column child_views text not null default '';

alter table invitation add column chair_impact text not null default '';

alter table invitation add column impact_note {bytes};

alter table invitation add column impact_note_shown {flag} not null default false;
