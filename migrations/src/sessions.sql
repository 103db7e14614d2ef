drop table session;

create table session (
    id {bytes} not null primary key,
    account_id {uuid} not null references account (id),
    began_at {time} not null,
    seen_at {time} not null
{table_end};

create index session_by_account on session (account_id);
