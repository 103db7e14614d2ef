alter table contact add column daily_digest {flag} not null default false;
